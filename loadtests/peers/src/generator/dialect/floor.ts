import type { Dialect } from './dialect.ts';
import { numberIn } from './message-text.ts';
import { socketIoEvent } from './socket-io.ts';

/** What the floor understands (under-test/floor.ts). Who comes back is new to it. */
export function createFloor(): Dialect {
  return {
    path: '/',
    open: () => ({ kind: 'admitted', recovered: false }),
    framesOf: (message) => [message],
    hear: numberIn,
    answer: (frame) =>
      frame === '+' ? { kind: 'joined', recovered: false, missed: [] } : { kind: 'refused', why: frame },
    join: (room) => `+${room}`,
    // As long as Socket.IO's event, so that both carry the same bytes.
    message: (room, text) => `${room} ${text}`.padEnd(socketIoEvent(room, text).length),
  };
}
