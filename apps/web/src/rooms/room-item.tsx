import { useEffect, useRef } from 'react';
import { unreadIn, type RoomState } from '../chat/chat-state.ts';
import { hueStyle } from '../look/avatar.tsx';
import { Icon } from '../look/icon.tsx';

interface RoomItemProps {
  readonly room: RoomState;
  readonly user: string;
  readonly current: boolean;
  readonly typists: readonly string[];
  /** A message of the user's in it failed. */
  readonly failed: boolean;
  readonly open: (room: string) => void;
}

export function RoomItem({ room, user, current, typists, failed, open }: RoomItemProps) {
  const unread = unreadIn(room, user);
  const item = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) item.current?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const newest = room.timeline.messages.at(-1);
  return (
    <li>
      <button
        ref={item}
        type="button"
        className="room-item"
        data-testid="room-item"
        data-room={room.name}
        data-unread={unread.count}
        data-phase={room.phase.kind}
        aria-current={current ? 'page' : undefined}
        title={room.name}
        onClick={() => open(room.name)}
      >
        <span className="room-mark" style={hueStyle(room.name)} aria-hidden="true">
          #
        </span>
        <span className="room-words">
          <span className="room-name">{room.name}</span>
          <span className="room-preview">
            {room.phase.kind === 'refused'
              ? room.phase.reason
              : typists.length > 0
                ? `${typists[0]} is typing…`
                : newest === undefined
                  ? 'No messages yet'
                  : `${newest.user === user ? 'You' : newest.user}: ${newest.text}`}
          </span>
        </span>
        {failed && (
          <span className="room-failed">
            <Icon name="alert" />
            <span className="visually-hidden">, a message was not sent</span>
          </span>
        )}
        {unread.count > 0 && (
          <span className="badge">
            {unread.count > 99 ? '99+' : `${unread.count}${unread.atLeast ? '+' : ''}`}
            <span className="visually-hidden"> unread</span>
          </span>
        )}
      </button>
    </li>
  );
}
