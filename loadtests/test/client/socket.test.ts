import { describe, expect, test } from '@jest/globals';
import { Manager, type ManagerOptions } from '../../client/manager.ts';
import type { Socket } from '../../client/socket.ts';
import { ManualPlatform } from './manual-platform.ts';

interface Started {
  readonly platform: ManualPlatform;
  readonly manager: Manager;
  readonly socket: Socket;
  /** `connect`, `disconnect` and `connect_error` with their arguments, and every event of the server. */
  readonly heard: unknown[][];
  readonly faults: unknown[];
}

function start(options: Partial<ManagerOptions> = {}, auth: object = {}): Started {
  const platform = new ManualPlatform();
  const faults: unknown[] = [];
  const manager = new Manager(platform, 'https://chat.example', {
    onFault: (error) => faults.push(error),
    ...options,
  });
  const socket = manager.socket('/', auth);
  const heard: unknown[][] = [];
  for (const event of ['connect', 'disconnect', 'connect_error']) {
    socket.on(event, (...args: unknown[]) => heard.push([event, ...args]));
  }
  socket.onAny((...args: unknown[]) => heard.push(args));
  socket.connect();
  return { platform, manager, socket, heard, faults };
}

function connected(options: Partial<ManagerOptions> = {}, auth: object = {}): Started {
  const started = start(options, auth);
  started.platform.wire.handshake();
  started.platform.wire.receive('40{"sid":"one","pid":"private"}');
  started.heard.length = 0;
  started.platform.wire.sent.length = 0;
  return started;
}

/** The connection is lost, and there again up to the CONNECT of the client. */
function lose({ platform }: Started): void {
  platform.wire.events.ended();
  platform.pass(1_000);
  platform.wire.handshake();
}

describe('a connection', () => {
  test('opens, says who it is, and is told its id', () => {
    const { platform, socket, heard } = start({}, { token: 't' });
    expect(platform.wire.url).toBe('wss://chat.example/socket.io/?EIO=4&transport=websocket');
    expect([socket.connected, socket.active]).toEqual([false, true]);
    platform.wire.handshake();
    expect(platform.wire.sent).toEqual(['40{"token":"t"}']);
    platform.wire.receive('40{"sid":"one"}');
    expect(heard).toEqual([['connect']]);
    expect([socket.connected, socket.id, socket.recovered]).toEqual([true, 'one', false]);
  });

  test('that does not open in time, or breaks before, is tried again after ever longer pauses', () => {
    const { platform, heard } = start({ openWithinMs: 3_000 });
    platform.pass(3_000);
    expect(heard).toEqual([['connect_error', { message: 'not open after 3000 ms', isRefusal: false }]]);
    expect(platform.wires.map((wire) => wire.isClosed)).toEqual([true]);
    platform.pass(999);
    expect(platform.wires).toHaveLength(1);
    platform.pass(1);
    expect(platform.wires).toHaveLength(2);
    platform.wire.events.ended('connection refused');
    expect(heard.at(-1)).toEqual(['connect_error', { message: 'connection refused', isRefusal: false }]);
    platform.pass(2_000);
    expect(platform.wires).toHaveLength(3);
    platform.wire.handshake();
    // Once open, pauses begin anew.
    platform.wire.events.ended();
    platform.pass(1_000);
    expect(platform.wires).toHaveLength(4);
  });

  test('answers pings, and ends where none comes in time', () => {
    const { platform, heard, socket } = start();
    platform.wire.handshake(1_000, 500);
    platform.wire.receive('40{"sid":"one"}');
    platform.pass(1_499);
    platform.wire.receive('2');
    expect(platform.wire.sent.at(-1)).toBe('3');
    platform.pass(1_499);
    expect(socket.connected).toBe(true);
    platform.pass(1);
    expect(heard.at(-1)).toEqual(['disconnect', 'ping timeout']);
    expect(platform.wire.isClosed).toBe(true);
    platform.pass(1_000);
    expect(platform.wires).toHaveLength(2);
  });

  test('ends where what comes cannot be read, which is said', () => {
    const { platform, heard, faults } = connected();
    platform.wire.receive('42["broken');
    expect(heard).toEqual([['disconnect', 'parse error']]);
    expect(faults).toEqual([expect.objectContaining({ code: 'malformed_packet' })]);
    platform.pass(1_000);
    expect(platform.wires).toHaveLength(2);
  });

  test('whose handshake cannot be read is tried again', () => {
    const { platform, heard } = start();
    platform.wire.receive('0{}');
    expect(heard).toEqual([['connect_error', { message: '{}', isRefusal: false }]]);
    platform.pass(1_000);
    expect(platform.wires).toHaveLength(2);
  });

  test('that is lost stays so where it is told not to come back', () => {
    const { platform, heard, socket } = connected({ reconnection: false });
    platform.wire.events.ended();
    expect(heard).toEqual([['disconnect', 'transport close']]);
    expect([socket.active, platform.timers]).toEqual([false, 0]);
  });

  test('that is cut ends without a goodbye, and comes back', () => {
    const { platform, heard, socket } = connected();
    socket.io.cut();
    expect([platform.wire.sent, platform.wire.isClosed]).toEqual([[], true]);
    expect(heard).toEqual([['disconnect', 'transport close']]);
    platform.pass(1_000);
    expect(platform.wires).toHaveLength(2);
  });

  test('ends with a goodbye, and leaves no timer', () => {
    const { platform, heard, socket } = connected();
    socket.disconnect();
    expect([platform.wire.sent, platform.wire.isClosed]).toEqual([['41'], true]);
    expect(heard).toEqual([['disconnect', 'io client disconnect']]);
    expect(platform.timers).toBe(0);
    const waiting = connected();
    waiting.socket.io.cut();
    waiting.socket.disconnect();
    expect(waiting.platform.timers).toBe(0);
  });

  test('is shared by namespaces, and ends with the last', () => {
    const { platform, manager, socket } = connected();
    const admin = manager.socket('/admin', { key: 1 }).connect();
    expect(manager.socket('/admin')).toBe(admin);
    expect(platform.wire.sent).toEqual(['40/admin,{"key":1}']);
    platform.wire.receive('40/admin,{"sid":"two"}');
    expect([platform.wires.length, admin.id, socket.id]).toEqual([1, 'two', 'one']);
    socket.disconnect();
    expect(platform.wire.isClosed).toBe(false);
    admin.disconnect();
    expect(platform.wire.sent.slice(1)).toEqual(['41', '41/admin,']);
    expect(platform.wire.isClosed).toBe(true);
  });
});

describe('a server', () => {
  test('that refuses is not asked again until the application says so', () => {
    const { platform, heard, socket } = start({}, { token: 'old' });
    platform.wire.handshake();
    platform.wire.receive('44{"message":"no","data":{"code":"token_expired"}}');
    expect(heard).toEqual([
      ['connect_error', { message: 'no', data: { code: 'token_expired' }, isRefusal: true }],
    ]);
    expect([socket.active, platform.wire.isClosed, platform.timers]).toEqual([false, true, 0]);
    socket.auth = { token: 'new' };
    socket.connect();
    platform.wire.handshake();
    expect(platform.wire.sent).toEqual(['40{"token":"new"}']);
  });

  test('that puts somebody out is not asked again either', () => {
    const { platform, heard, socket } = connected();
    platform.wire.receive('41');
    expect(heard).toEqual([['disconnect', 'io server disconnect']]);
    expect([socket.connected, socket.active, platform.timers]).toEqual([false, false, 0]);
  });

  test('asks for acknowledgements, which are given once', () => {
    const { platform, socket } = connected();
    socket.on('question', (text: string, answer: (...args: unknown[]) => void) => {
      answer(text, 2);
      answer('again');
    });
    platform.wire.receive('429["question","?"]');
    expect(platform.wire.sent).toEqual(['439["?",2]']);
  });
});

describe('an event', () => {
  test('waits for the connection, unless it is volatile', () => {
    const { platform, socket } = start();
    socket.emit('kept', 1);
    socket.volatile.emit('dropped');
    platform.wire.handshake();
    expect(platform.wire.sent).toEqual(['40{}']);
    platform.wire.receive('40{"sid":"one"}');
    expect(platform.wire.sent).toEqual(['40{}', '42["kept",1]']);
    socket.volatile.emit('now');
    expect(platform.wire.sent.at(-1)).toBe('42["now"]');
  });

  test('is acknowledged to who asked', async () => {
    const { platform, socket } = connected();
    const answers: unknown[] = [];
    socket.emit('a', (...answer: unknown[]) => answers.push(answer));
    socket.timeout(1_000).emit('b', (...answer: unknown[]) => answers.push(answer));
    const promised = socket.emitWithAck('c', 3);
    expect(platform.wire.sent).toEqual(['420["a"]', '421["b"]', '422["c",3]']);
    platform.wire.receive('431[1]', '430[0,"more"]', '432[2]', '432["again"]', '4399["unknown"]');
    expect(answers).toEqual([
      [null, 1],
      [0, 'more'],
    ]);
    await expect(promised).resolves.toBe(2);
    expect(platform.timers).toBe(1);
  });

  test('that is not acknowledged in time is given up, and not sent later where it had not been', async () => {
    const { platform, socket } = start();
    const promised = socket.timeout(1_000).emitWithAck('late');
    platform.pass(1_000);
    await expect(promised).rejects.toMatchObject({ code: 'ack_timeout' });
    platform.wire.handshake();
    platform.wire.receive('40{"sid":"one"}');
    expect(platform.wire.sent).toEqual(['40{}']);
  });

  test('under way when the connection ends is told so; one that is kept for the next is not', async () => {
    const started = connected();
    const { platform, socket } = started;
    const underWay = socket.timeout(60_000).emitWithAck('a');
    // Whoever is told may try again at once.
    const again = underWay.catch(() => socket.timeout(60_000).emitWithAck('a'));
    platform.wire.events.ended();
    await expect(underWay).rejects.toMatchObject({ code: 'disconnected' });
    platform.pass(1_000);
    platform.wire.handshake();
    platform.wire.receive('40{"sid":"two"}', '431["done"]');
    await expect(again).resolves.toBe('done');
  });

  test('whose listener throws is heard by the others, and the error is told', () => {
    const { platform, socket, faults } = connected();
    const heard: unknown[] = [];
    socket.on('x', () => {
      throw new Error('mine');
    });
    socket.on('x', (value: unknown) => heard.push(value));
    socket.emit('y', () => {
      throw new Error('and mine');
    });
    platform.wire.receive('42["x",1]', '430[]', '42["x",2]');
    expect(heard).toEqual([1, 2]);
    expect(faults.map((error) => (error as Error).message)).toEqual(['mine', 'and mine', 'mine']);
  });

  test('is heard by those who listen at that time', () => {
    const { platform, socket } = connected();
    const heard: unknown[] = [];
    const listener = (value: unknown): unknown => heard.push(value);
    socket.on('x', listener).once('x', listener);
    platform.wire.receive('42["x",1]', '42["x",2]');
    socket.off('x', listener);
    platform.wire.receive('42["x",3]');
    expect(heard).toEqual([1, 1, 2]);
  });
});

describe('a session', () => {
  test('is asked for by its private id and the last offset', () => {
    const started = connected({}, { token: 't' });
    const { platform, heard, socket } = started;
    platform.wire.receive('42["message",{"n":1},"5-0"]', '42["plain",{"n":2}]');
    lose(started);
    expect(platform.wire.sent).toEqual(['40{"pid":"private","offset":"5-0","token":"t"}']);
    heard.length = 0;
    platform.wire.receive('40{"sid":"one","pid":"private"}', '42["message",{"n":3},"6-0"]');
    expect(heard).toEqual([['connect'], ['message', { n: 3 }, '6-0']]);
    expect(socket.recovered).toBe(true);
    lose(started);
    expect(platform.wire.sent).toEqual(['40{"pid":"private","offset":"6-0","token":"t"}']);
    platform.wire.receive('40{"sid":"new","pid":"other"}');
    expect(socket.recovered).toBe(false);
  });

  test('needs no offset where nothing was heard, and none is kept where the server does not recover', () => {
    const started = connected();
    lose(started);
    expect(started.platform.wire.sent).toEqual(['40{"pid":"private"}']);
    started.platform.wire.receive('40{"sid":"new"}', '42["ends with","a string"]');
    expect(started.socket.recovered).toBe(false);
    lose(started);
    expect(started.platform.wire.sent).toEqual(['40{}']);
  });

  test('whose missed events come before its CONNECT hears them once it is there, and once', () => {
    const started = connected();
    const { platform, heard } = started;
    lose(started);
    heard.length = 0;
    platform.wire.receive('42["message",1,"1-0"]');
    // Cut in the middle: they will come again, since the offset has not moved.
    lose(started);
    expect(platform.wire.sent).toEqual(['40{"pid":"private"}']);
    platform.wire.receive('42["message",1,"1-0"]', '40{"sid":"one","pid":"private"}');
    expect(heard).toEqual([['message', 1, '1-0'], ['connect']]);
  });
});
