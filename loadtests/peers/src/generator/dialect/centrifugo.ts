import type { Dialect } from './dialect.ts';
import { numberIn } from './message-text.ts';

/** How far a client has heard a channel, as it says on return. */
interface Position {
  readonly epoch: string;
  readonly offset: number;
}

interface Publication {
  readonly data: { readonly text: string };
  readonly offset?: number;
}

/** Of Centrifugo's JSON protocol (github.com/centrifugal/protocol, client.proto), what comes up here. Zeros are left out. */
interface Reply {
  readonly error?: { readonly code: number; readonly message: string };
  readonly connect?: object;
  readonly subscribe?: {
    readonly epoch?: string;
    readonly offset?: number;
    readonly recovered?: boolean;
    readonly publications?: readonly Publication[];
  };
  readonly publish?: object;
}

interface Push {
  readonly push: { readonly channel: string; readonly pub: Publication };
}

const ping = '{}';
const pushMark = Buffer.from('{"push"');
const newline = '\n'.charCodeAt(0);

/** A client of Centrifugo: a room is a channel, from whose history it is told what it missed. */
export function createCentrifugo(): Dialect {
  const positions = new Map<string, Position>();
  let lastHeard: Buffer | undefined;
  let joining = '';
  let lastId = 0;

  const command = (name: string, body: object): string => JSON.stringify({ id: ++lastId, [name]: body });

  /** What came last moves its channel's position; it is looked into on return alone. */
  const noteLastHeard = (): void => {
    if (lastHeard === undefined) return;
    const { channel, pub } = (JSON.parse(lastHeard.toString()) as Push).push;
    const position = positions.get(channel);
    if (position !== undefined) positions.set(channel, { ...position, offset: pub.offset ?? 0 });
    lastHeard = undefined;
  };

  return {
    path: '/connection/websocket',
    open: () => ({ kind: 'say', frame: command('connect', {}) }),
    framesOf: (message) => (message.includes(newline) ? lines(message) : [message]),
    hear(frame) {
      if (!frame.subarray(0, pushMark.length).equals(pushMark)) return undefined;
      const number = numberIn(frame);
      if (number !== undefined) lastHeard = frame;
      return number;
    },
    answer(frame) {
      if (frame === ping) return { kind: 'say', frame: ping };
      const { error, connect, subscribe, publish } = JSON.parse(frame) as Reply;
      if (error === undefined && connect !== undefined) return { kind: 'admitted', recovered: false };
      if (error === undefined && subscribe !== undefined) {
        const { epoch = '', publications = [], recovered = false } = subscribe;
        const offset = publications.at(-1)?.offset ?? subscribe.offset ?? 0;
        positions.set(joining, { epoch, offset });
        const missed = publications.map(({ data }) => numberIn(Buffer.from(data.text)) ?? NaN);
        return { kind: 'joined', recovered, missed };
      }
      // What else it says unasked, it says when it ends a subscription or a connection.
      return publish === undefined ? { kind: 'refused', why: frame } : { kind: 'nothing' };
    },
    join(room) {
      noteLastHeard();
      joining = room;
      const position = positions.get(room);
      return command('subscribe', { channel: room, ...(position && { recover: true, ...position }) });
    },
    message: (room, text) => command('publish', { channel: room, data: { room, text } }),
  };
}

function lines(message: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let from = 0; from < message.length;) {
    const at = message.indexOf(newline, from);
    const to = at < 0 ? message.length : at;
    if (to > from) found.push(message.subarray(from, to));
    from = to + 1;
  }
  return found;
}
