/** What a frame that is no delivery means to a client. */
type Answer =
  | { readonly kind: 'say'; readonly frame: string }
  | { readonly kind: 'admitted' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'nothing' };

/** How the clients of one kind of node speak: Engine.IO 4 and Socket.IO 5 by hand, or the floor's three words. */
export interface Dialect {
  /** Path and query to connect to. */
  readonly path: string;
  /** True where a client is in as soon as its connection is open. */
  readonly admitsAtOnce: boolean;
  /** @param identity who the client is: a name, or a token for those who check */
  answer(frame: string, identity: string): Answer;
  join(room: string): string;
  message(room: string, text: string): string;
}

export type DialectName = 'floor' | 'socket-io' | 'chat';

/** Nothing but a delivery carries it: where it stands the message's number follows. */
const numberMark = '#';
/** Of a message's text. */
export const textBytes = 100;

const engineIo = '/socket.io/?EIO=4&transport=websocket';
const nothing: Answer = { kind: 'nothing' };
const pong: Answer = { kind: 'say', frame: '3' };

/** What both kinds of Socket.IO node say alike. */
function answerSocketIo(frame: string, auth: () => object): Answer {
  if (frame === '2') return pong;
  if (frame.startsWith('0')) return { kind: 'say', frame: `40${JSON.stringify(auth())}` };
  if (frame.startsWith('44') || frame === '41') return { kind: 'refused', why: frame };
  return nothing;
}

function socketIoEvent(room: string, text: string): string {
  return `42["m",{"room":"${room}","text":"${text}"}]`;
}

const socketIo: Dialect = {
  path: engineIo,
  admitsAtOnce: false,
  answer(frame, user) {
    if (frame.startsWith('40')) return { kind: 'admitted' };
    if (frame.startsWith('43')) return { kind: 'joined' };
    return answerSocketIo(frame, () => ({ user }));
  },
  join: (room) => `420["join","${room}"]`,
  message: socketIoEvent,
};

const floor: Dialect = {
  path: '/',
  admitsAtOnce: true,
  answer: (frame) => (frame === '+' ? { kind: 'joined' } : { kind: 'refused', why: frame }),
  join: (room) => `+${room}`,
  // As long as the event above, so that both carry the same bytes.
  message: (room, text) => `${room} ${text}`.padEnd(socketIoEvent(room, text).length),
};

const joinId = 0;

/** The whole of apps/gateway, whose every request is acknowledged. Made anew for each client, as it counts them. */
function createChat({ wantsTrace = false }: DialectOptions): Dialect {
  let nextId = joinId + 1;
  return {
    path: engineIo,
    admitsAtOnce: false,
    answer(frame, token) {
      if (frame.startsWith('42["session:ready"')) return { kind: 'admitted' };
      if (frame.startsWith('43')) {
        if (!frame.includes('"ok":true')) return { kind: 'refused', why: frame };
        return frame.startsWith(`43${joinId}[`) ? { kind: 'joined' } : nothing;
      }
      return answerSocketIo(frame, () => ({ token, ...(wantsTrace && { trace: 'on' }) }));
    },
    join: (room) => `42${joinId}["room:join",{"room":"${room}"}]`,
    message(room, text) {
      const id = nextId++;
      return `42${id}["message:send",{"room":"${room}","text":"${text}","clientId":"${id}"}]`;
    },
  };
}

export interface DialectOptions {
  /** True where a client of the chat wants to be told the trace context of what it is sent. */
  readonly wantsTrace?: boolean;
}

export function createDialect(name: DialectName, options: DialectOptions = {}): Dialect {
  switch (name) {
    case 'floor':
      return floor;
    case 'socket-io':
      return socketIo;
    case 'chat':
      return createChat(options);
  }
}

/** The text of message `number`. */
export function textOf(number: number): string {
  return `${numberMark}${number} `.padEnd(textBytes, 'x');
}

const mark = numberMark.charCodeAt(0);
const zero = '0'.charCodeAt(0);

/** The number of the message in a frame; undefined where it is no delivery. Reads no more of the frame than it must. */
export function numberIn(frame: Buffer): number | undefined {
  const at = frame.indexOf(mark);
  if (at < 0) return undefined;
  let number = 0;
  for (let index = at + 1; index < frame.length; index++) {
    const digit = (frame[index] as number) - zero;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  return number;
}
