import type { Answer, Dialect } from './dialect.ts';
import { numberIn } from './message-text.ts';

export const engineIoPath = '/socket.io/?EIO=4&transport=websocket';
export const nothing: Answer = { kind: 'nothing' };
const pong: Answer = { kind: 'say', frame: '3' };

/** What all kinds of Socket.IO node say alike. */
export function answerSocketIo(frame: string, auth: () => object): Answer {
  if (frame === '2') return pong;
  if (frame.startsWith('0')) return { kind: 'say', frame: `40${JSON.stringify(auth())}` };
  if (frame.startsWith('44') || frame === '41') return { kind: 'refused', why: frame };
  return nothing;
}

export function socketIoEvent(room: string, text: string): string {
  return `42["m",{"room":"${room}","text":"${text}"}]`;
}

/**
 * A Socket.IO server whose handlers only join and emit. On return the client says who it was, and how far it had heard
 * (docs/protocol.md, Recovery); a server that knows it repeats its `pid`.
 */
export function createSocketIo(): Dialect {
  let pid: string | undefined;
  let lastHeard: Buffer | undefined;
  return {
    path: engineIoPath,
    open: () => nothing,
    framesOf: (message) => [message],
    hear(frame) {
      const number = numberIn(frame);
      // It is looked into on return alone: most of what is heard is not the last.
      if (number !== undefined) lastHeard = frame;
      return number;
    },
    answer(frame, user) {
      if (frame.startsWith('40')) {
        const before = pid;
        ({ pid } = JSON.parse(frame.slice(2)) as { pid?: string });
        return { kind: 'admitted', recovered: pid !== undefined && pid === before };
      }
      if (frame.startsWith('43')) return { kind: 'joined', recovered: false, missed: [] };
      return answerSocketIo(frame, () => ({ user, ...(pid !== undefined && session(pid, lastHeard)) }));
    },
    join: (room) => `420["join","${room}"]`,
    message: socketIoEvent,
  };
}

function session(pid: string, lastHeard: Buffer | undefined): { pid: string; offset?: string } {
  const event = lastHeard === undefined ? [] : (JSON.parse(lastHeard.toString('utf8', 2)) as unknown[]);
  const offset = event.at(-1);
  return typeof offset === 'string' ? { pid, offset } : { pid };
}
