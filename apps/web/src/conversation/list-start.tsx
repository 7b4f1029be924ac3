import type { RoomState } from '../chat/chat-state.ts';
import { hueStyle } from '../look/avatar.tsx';
import './list-start.css';

interface ListStartProps {
  readonly room: RoomState;
  readonly empty: boolean;
  readonly loadOlder: () => void;
}

/** What stands above the first message: more to read, the beginning of the room, or why there is nothing yet. */
export function ListStart({ room, empty, loadOlder }: ListStartProps) {
  const { phase, timeline, older, name } = room;
  if (phase.kind === 'refused') {
    return (
      <div className="list-start" role="alert">
        <h2>This room did not open</h2>
        <p>{phase.reason}</p>
      </div>
    );
  }
  if (timeline.messages.length === 0 && timeline.gap.kind === 'unread') {
    return empty ? <Skeleton /> : null;
  }
  if (timeline.more) {
    return (
      <div className="list-more">
        <button type="button" onClick={loadOlder} disabled={older === 'loading'}>
          {older === 'loading'
            ? 'Loading…'
            : older === 'failed'
              ? 'Older messages did not load. Try again'
              : 'Load older messages'}
        </button>
      </div>
    );
  }
  return (
    <div className={empty ? 'list-start list-start-empty' : 'list-start'}>
      <span className="room-mark room-mark-large" style={hueStyle(name)} aria-hidden="true">
        #
      </span>
      <h2>{name}</h2>
      <p>
        {empty
          ? 'Nobody has written here yet. Say hello, or send the address of this page to somebody.'
          : 'This is where the room begins.'}
      </p>
    </div>
  );
}

function Skeleton() {
  return (
    <div className="skeleton">
      <p className="visually-hidden">Loading messages</p>
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}
