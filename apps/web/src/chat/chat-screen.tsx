import { useState } from 'react';
import { ConnectionPill } from '../connection/connection-pill.tsx';
import { ConnectionStrip } from '../connection/connection-strip.tsx';
import type { Connection } from '../connection/connection.ts';
import { RoomView } from '../conversation/room-view.tsx';
import { Icon } from '../look/icon.tsx';
import { useMedia } from '../look/use-media.ts';
import { RoomDrawer } from '../rooms/room-drawer.tsx';
import { RoomPanel } from '../rooms/room-panel.tsx';
import { useStore } from '../state/use-store.ts';
import { findRoom, unreadIn } from './chat-state.ts';
import type { Chat } from './chat.ts';
import './chat.css';
import { NoRoom } from './no-room.tsx';
import { usePageTitle } from './use-page-title.ts';

interface ChatScreenProps {
  readonly chat: Chat;
  readonly connection: Connection;
  readonly signOut: () => void;
}

export function ChatScreen({ chat, connection, signOut }: ChatScreenProps) {
  const state = useStore(chat.state, (value) => value);
  const status = useStore(connection.status, (value) => value);
  const narrow = useMedia('(max-width: 719px)');
  const [drawer, setDrawer] = useState(false);
  const [drafts] = useState(() => new Map<string, string>());
  const { user, rooms, catchUp } = state;
  const room = findRoom(state, state.openRoom);
  usePageTitle(state);
  const unreadElsewhere = rooms.some((each) => each !== room && unreadIn(each, user).count > 0);

  return (
    <div className="chat">
      <a className="skip-link" href={room === undefined ? '#join-room' : '#composer'}>
        {room === undefined ? 'Skip to joining a room' : 'Skip to the message box'}
      </a>
      {!narrow && (
        <aside className="chat-side" aria-label="Rooms and account">
          <RoomPanel chat={chat} signOut={signOut} />
        </aside>
      )}
      <main className="chat-main">
        <header className="chat-header">
          {narrow && room !== undefined && (
            <button
              type="button"
              className="button-icon chat-menu"
              data-testid="rooms-open"
              data-unread={unreadElsewhere}
              aria-label={unreadElsewhere ? 'Rooms, with unread messages' : 'Rooms'}
              onClick={() => setDrawer(true)}
            >
              <Icon name="menu" />
            </button>
          )}
          <h1 className="chat-title" title={room?.name}>
            {room?.name ?? (narrow ? 'Rooms' : 'Welcome')}
          </h1>
          <ConnectionPill status={status} catchUp={catchUp} />
          {room !== undefined && (
            <button
              type="button"
              className="button-icon chat-leave"
              data-testid="room-leave"
              aria-label={`Leave ${room.name}`}
              title="Leave this room"
              onClick={() => chat.leave(room.name)}
            >
              <Icon name="leave" />
              <span aria-hidden="true">Leave</span>
            </button>
          )}
        </header>
        <ConnectionStrip connection={connection} status={status} catchUp={catchUp} signOut={signOut} />
        {room !== undefined && (
          <RoomView key={room.name} chat={chat} room={room} user={user} drafts={drafts} eager={!narrow} />
        )}
        {room === undefined && narrow && <RoomPanel chat={chat} signOut={signOut} />}
        {room === undefined && !narrow && (
          <NoRoom user={user} joined={rooms.length > 0} join={(name) => chat.join(name)} />
        )}
      </main>
      {narrow && drawer && room !== undefined && (
        <RoomDrawer close={() => setDrawer(false)}>
          <RoomPanel chat={chat} close={() => setDrawer(false)} signOut={signOut} />
        </RoomDrawer>
      )}
    </div>
  );
}
