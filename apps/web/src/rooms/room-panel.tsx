import type { Chat } from '../chat/chat.ts';
import { Avatar } from '../look/avatar.tsx';
import { Icon } from '../look/icon.tsx';
import { Logo } from '../look/logo.tsx';
import { useStore } from '../state/use-store.ts';
import { firstRoom } from './first-room.ts';
import { JoinForm } from './join-form.tsx';
import { RoomItem } from './room-item.tsx';
import './rooms.css';

interface RoomPanelProps {
  readonly chat: Chat;
  /** Puts the panel away, where it lies over something: by its button, and where a room was close. */
  readonly close?: () => void;
  readonly signOut: () => void;
}

const nobody: readonly string[] = [];

/** Where to go: the user's rooms, with what is new in them, and the way into others. */
export function RoomPanel({ chat, close, signOut }: RoomPanelProps) {
  const state = useStore(chat.state, (value) => value);
  const outbox = useStore(chat.outbox.entries, (value) => value);
  const typists = useStore(chat.typists, (value) => value);
  return (
    <div className="panel">
      <div className="panel-brand">
        <Logo size={30} />
        <span>Sluice</span>
        {close && (
          <button type="button" className="button-icon" onClick={close} aria-label="Close the list of rooms">
            <Icon name="close" />
          </button>
        )}
      </div>
      <JoinForm
        problem={state.joinProblem}
        join={(room) => {
          chat.join(room);
          close?.();
        }}
      />
      <nav className="panel-rooms" aria-label="Rooms">
        {state.rooms.length === 0 && (
          <div className="panel-empty">
            <p>Rooms you join are listed here.</p>
            <button type="button" className="button-primary" onClick={() => chat.join(firstRoom)}>
              Join the {firstRoom}
            </button>
          </div>
        )}
        <ul>
          {state.rooms.map((room) => (
            <RoomItem
              key={room.name}
              room={room}
              user={state.user}
              current={room.name === state.openRoom}
              typists={typists.get(room.name) ?? nobody}
              failed={outbox.some((entry) => entry.room === room.name && entry.phase.kind === 'failed')}
              open={(name) => {
                chat.open(name);
                close?.();
              }}
            />
          ))}
        </ul>
      </nav>
      <div className="panel-user">
        <Avatar name={state.user} />
        <span className="panel-name" title={state.user}>
          {state.user}
        </span>
        <button type="button" className="button-quiet" data-testid="sign-out" onClick={signOut}>
          Sign out
        </button>
      </div>
    </div>
  );
}
