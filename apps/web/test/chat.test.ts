import { beforeEach, describe, expect, test } from '@jest/globals';
import { findRoom, unreadIn, type RoomState } from '../src/chat/chat-state.ts';
import { Chat } from '../src/chat/chat.ts';
import type { OutboxEntry } from '../src/outbox/outbox-entry.ts';
import type { RememberedRooms } from '../src/rooms/room-memory.ts';
import type { JsonShelf } from '../src/storage/json-shelf.ts';
import { noTracing, type Tracing } from '../src/trace/tracing.ts';
import { collectSpans } from './collected-spans.ts';
import { FakeCluster } from './fake-cluster.ts';
import { ManualClock, memoryShelf, message, numbers, range, settled } from './fixtures.ts';

let cluster: FakeCluster;
let clock: ManualClock;
let chat: Chat;
let roomShelf: JsonShelf<RememberedRooms>;
let outboxShelf: JsonShelf<readonly OutboxEntry[]>;
let nextId: number;

function start(tracing: Tracing = noTracing): Chat {
  return new Chat({
    user: 'Ana',
    wire: cluster,
    clock,
    random: () => 1,
    newClientId: () => `own${(nextId += 1)}`,
    tracing,
    roomShelf,
    outboxShelf,
  });
}

async function connect(recovered = false): Promise<void> {
  cluster.connected = true;
  chat.sessionReady({ user: 'Ana', nodeId: 'n1', recovered });
  await clock.advance(0);
  await settled();
}

function disconnect(): void {
  cluster.connected = false;
  chat.sessionLost();
}

function room(name = 'r'): RoomState {
  const found = findRoom(chat.state.get(), name);
  if (found === undefined) throw new Error(`not in ${name}`);
  return found;
}

const shown = (): readonly string[] => room().timeline.messages.map(({ text }) => text);

beforeEach(async () => {
  cluster = new FakeCluster();
  clock = new ManualClock();
  roomShelf = memoryShelf();
  outboxShelf = memoryShelf();
  nextId = 0;
  chat = start();
  chat.join('r');
});

describe('a chat', () => {
  test('joins its rooms before it reads their histories, on every session', async () => {
    await connect();
    disconnect();
    await connect();
    const once = ['room:join r', 'history:read r'];
    expect(cluster.requests).toEqual([...once, ...once]);
    expect(room().phase.kind).toBe('joined');
  });

  test('shows a message once, delivered before its acknowledgement', async () => {
    await connect();
    cluster.stored = (stored) => {
      chat.messageHeard(stored);
      expect(chat.outbox.entries.get()).toEqual([]);
    };
    chat.send('r', 'hello');
    await settled();
    expect(shown()).toEqual(['hello']);
  });

  test('shows a message once, acknowledged before its delivery', async () => {
    await connect();
    chat.send('r', 'hello');
    expect(chat.outbox.entries.get()).toHaveLength(1);
    await settled();
    expect(chat.outbox.entries.get()).toEqual([]);
    for (const stored of cluster.histories.get('r') ?? []) chat.messageHeard(stored);
    expect(shown()).toEqual(['hello']);
  });

  test('fills what it missed from the history, over several pages, and says how much', async () => {
    cluster.say(...range(1, 3));
    await connect();
    disconnect();
    cluster.say(...range(4, 30));
    await connect();
    expect(numbers(room().timeline.messages)).toEqual(numbers(range(1, 30)));
    expect(chat.state.get().catchUp).toEqual({ kind: 'done', recovered: false, filled: 27 });
  });

  test('finds a message that a newer one had overtaken when the connection was lost', async () => {
    cluster.say(...range(1, 3));
    await connect();
    cluster.say(message(4), message(5));
    chat.messageHeard(message(5));
    disconnect();
    await connect();
    expect(numbers(room().timeline.messages)).toEqual([1, 2, 3, 4, 5]);
  });

  test('fills the whole gap although the connection was lost again while it did', async () => {
    cluster.say(...range(1, 3));
    await connect();
    disconnect();
    cluster.say(...range(4, 30));
    cluster.connected = true;
    chat.sessionReady({ user: 'Ana', nodeId: 'n2', recovered: false });
    chat.messageHeard(message(30));
    disconnect();
    await settled();
    await connect();
    expect(numbers(room().timeline.messages)).toEqual(numbers(range(1, 30)));
  });

  test('does not send again what the history shows to have arrived', async () => {
    await connect();
    let lose = true;
    cluster.stored = () => {
      if (lose) disconnect();
      lose = false;
    };
    chat.send('r', 'hello');
    await settled();
    expect(chat.outbox.entries.get()).toHaveLength(1);
    await connect();
    expect(chat.outbox.entries.get()).toEqual([]);
    expect(cluster.requests.filter((request) => request.startsWith('message:send'))).toHaveLength(1);
    expect(shown()).toEqual(['hello']);
  });

  test('sends what was written while away after it has caught up', async () => {
    await connect();
    disconnect();
    chat.send('r', 'written while away');
    cluster.say(message(1));
    await connect();
    await settled();
    expect(shown()).toEqual(['m1', 'written while away']);
  });

  test('keeps trying to join where the gateway says later', async () => {
    let refusals = 2;
    const later = { ok: false, error: { code: 'unavailable', message: 'later', retryable: true } } as const;
    cluster.interfere = () => ((refusals -= 1) >= 0 ? later : undefined);
    await connect();
    expect(room().phase.kind).toBe('joining');
    await clock.advance(2_000);
    expect(room().phase.kind).toBe('joined');
  });

  test('joins again, and catches up, where the gateway has lost the room and not the connection', async () => {
    cluster.say(...range(1, 8));
    await connect();
    cluster.say(message(9));
    let refusals = 1;
    const notJoined = { ok: false, error: { code: 'not_joined', message: 'no', retryable: false } } as const;
    cluster.interfere = (event) => (event === 'message:send' && (refusals -= 1) >= 0 ? notJoined : undefined);
    chat.send('r', 'hello');
    await clock.advance(1_000);
    expect(shown()).toEqual([...range(1, 9).map(({ text }) => text), 'hello']);
  });

  test('gives up on a room that the gateway never takes', async () => {
    await connect();
    const notJoined = { ok: false, error: { code: 'not_joined', message: 'no', retryable: false } } as const;
    cluster.interfere = (event) => (event === 'message:send' ? notJoined : undefined);
    chat.send('r', 'hello');
    await clock.advance(60_000);
    expect(chat.outbox.entries.get()).toMatchObject([{ phase: { kind: 'failed', automatic: true } }]);
  });

  test('takes back a room that cannot be joined, and says why', async () => {
    cluster.interfere = () => ({
      ok: false,
      error: { code: 'too_many_rooms', message: 'too many', retryable: false },
    });
    await connect();
    expect(chat.state.get()).toMatchObject({ rooms: [], openRoom: undefined, joinProblem: 'too many' });
  });

  test('counts as unread what others write while the room is not read', async () => {
    cluster.say(message(1));
    await connect();
    expect(unreadIn(room(), 'Ana')).toEqual({ count: 0, atLeast: false });
    chat.join('s');
    await settled();
    chat.messageHeard(message(2));
    chat.messageHeard(message(3, { user: 'Ana' }));
    expect(unreadIn(room(), 'Ana').count).toBe(1);
    chat.open('r');
    expect(room().newAfter).toEqual({ id: '1000-0', sentAt: 1_000 });
    chat.markRead('r');
    expect(unreadIn(room(), 'Ana').count).toBe(0);
  });

  test('counts as unread what others write in a room that was empty when it was joined', async () => {
    await connect();
    chat.join('s');
    await settled();
    chat.messageHeard(message(1));
    expect(unreadIn(room(), 'Ana').count).toBe(1);
  });

  test('remembers its rooms, how far they were read, and what is not sent, over a reload', async () => {
    cluster.say(message(1));
    await connect();
    chat.markRead('r');
    disconnect();
    chat.send('r', 'later');
    cluster.say(message(2));
    chat = start();
    expect(chat.state.get().openRoom).toBe('r');
    await connect();
    await settled();
    expect(shown()).toEqual(['m1', 'm2', 'later']);
    expect(unreadIn(room(), 'Ana').count).toBe(1);
  });

  test('writes nothing any more once it is stopped, whatever answer comes late', async () => {
    await connect();
    chat.send('r', 'hello');
    chat.sessionLost();
    chat.stop();
    outboxShelf.write(undefined);
    roomShelf.write(undefined);
    chat.leave('r');
    await clock.advance(60_000);
    expect(cluster.histories.get('r')).toHaveLength(1);
    expect(outboxShelf.read()).toBeUndefined();
    expect(roomShelf.read()).toBeUndefined();
  });

  test('begins to join nothing without a session', async () => {
    await connect();
    chat.leave('r');
    chat.join('r');
    chat.sessionLost();
    await clock.advance(60_000);
    expect(cluster.requests.at(-1)).toBe('room:leave r');
  });

  test('goes on to no further room on a session that is lost', async () => {
    for (const name of ['s', 't', 'u', 'v']) chat.join(name);
    cluster.connected = true;
    chat.sessionReady({ user: 'Ana', nodeId: 'n1', recovered: false });
    const joins = () => cluster.requests.filter((request) => request.startsWith('room:join'));
    const begun = joins();
    chat.sessionLost();
    await clock.advance(60_000);
    expect(joins()).toEqual(begun);
    expect(begun).toHaveLength(4);
  });

  test('scrolls back page by page to the beginning', async () => {
    cluster.say(...range(1, 12));
    await connect();
    expect(numbers(room().timeline.messages)).toEqual([8, 9, 10, 11, 12]);
    await chat.loadOlder('r');
    await chat.loadOlder('r');
    expect(numbers(room().timeline.messages)).toEqual(numbers(range(1, 12)));
    expect(room().timeline.more).toBe(false);
  });

  test('says that older messages did not load, and loads them when asked again', async () => {
    cluster.say(...range(1, 12));
    await connect();
    cluster.connected = false;
    await chat.loadOlder('r');
    expect(room().older).toBe('failed');
    cluster.connected = true;
    await chat.loadOlder('r');
    expect(room()).toMatchObject({ older: 'idle', timeline: { more: true } });
    expect(room().timeline.messages).toHaveLength(10);
  });

  test('leaves a room for good, also where a recovered session is still in it', async () => {
    await connect();
    disconnect();
    chat.leave('r');
    await connect(true);
    chat.messageHeard(message(1));
    await settled();
    expect(chat.state.get().rooms).toEqual([]);
    expect(cluster.requests.at(-1)).toBe('room:leave r');
  });

  test('traces what it sends and hears, each attempt by itself, and tells the trace nobody’s words or name', async () => {
    const { tracing, spans } = collectSpans();
    roomShelf = memoryShelf();
    chat = start(tracing);
    chat.join('secret room');
    await connect();
    const later = { ok: false, error: { code: 'unavailable', message: 'later', retryable: true } } as const;
    let refusals = 1;
    cluster.interfere = (event) => (event === 'message:send' && (refusals -= 1) >= 0 ? later : undefined);
    cluster.stored = (stored) => {
      const { traceparent } = cluster.sent.at(-1) ?? {};
      chat.messageHeard({ ...stored, ...(traceparent === undefined ? {} : { traceparent }) });
    };
    chat.send('secret room', 'secret text');
    await clock.advance(60_000);
    expect(findRoom(chat.state.get(), 'secret room')?.timeline.messages).toMatchObject([
      { text: 'secret text' },
    ]);
    const outline = (at: number) => {
      const { name, attributes, parentSpanContext } = spans[at] ?? {};
      const { 'error.type': failed, 'sluice.resend': again } = attributes ?? {};
      return { name, failed, again, parent: parentSpanContext?.spanId };
    };
    const carried = cluster.sent.map(({ traceparent }) => traceparent?.split('-')[2]);
    expect(carried).toEqual([spans[0]?.spanContext().spanId, spans[2]?.spanContext().spanId]);
    expect(spans.map((_, at) => outline(at))).toEqual([
      { name: 'send message:send', failed: 'unavailable', again: undefined, parent: undefined },
      { name: 'process message:new', failed: undefined, again: undefined, parent: carried[1] },
      { name: 'send message:send', failed: undefined, again: true, parent: undefined },
    ]);
    const told = JSON.stringify(
      spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    for (const word of ['secret', 'Ana', 'own1']) expect(told).not.toContain(word);
  });

  test('takes somebody for done with typing when their message arrives', async () => {
    await connect();
    chat.typingChanged({ room: 'r', user: 'Ben', typing: true });
    chat.typingChanged({ room: 'r', user: 'Ana', typing: true });
    expect(chat.typists.get().get('r')).toEqual(['Ben']);
    chat.messageHeard(message(1));
    expect(chat.typists.get().get('r')).toEqual([]);
  });
});
