import { Logo } from '../look/logo.tsx';
import { firstRoom } from '../rooms/first-room.ts';

interface NoRoomProps {
  readonly user: string;
  readonly joined: boolean;
  readonly join: (room: string) => void;
}

export function NoRoom({ user, joined, join }: NoRoomProps) {
  return (
    <div className="no-room">
      <Logo size={72} />
      <h2>Hello, {user}</h2>
      <p>
        {joined
          ? 'Choose a room on the left, or join another.'
          : 'Rooms open as soon as somebody joins them. Join one on the left, or begin where everybody does.'}
      </p>
      {!joined && (
        <button type="button" className="button-primary" onClick={() => join(firstRoom)}>
          Join the {firstRoom}
        </button>
      )}
    </div>
  );
}
