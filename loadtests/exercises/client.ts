/** Puts the client through its paces on `test/stock-server.ts`, a stock Socket.IO server. */
import type { ConnectError } from '../client/socket.ts';
import type { Options } from 'k6/options';
import { next, runExercises, same, type Open } from './exercise.ts';

export { handleSummary } from '../summary.ts';

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;
const numbers = (buffer: unknown): number[] => [...new Uint8Array(buffer as ArrayBuffer)];

const exercises = {
  'events go both ways': async (open: Open): Promise<void> => {
    const socket = open();
    socket.emit('say back', 'before the connection', { nested: ['é☃'] }, null);
    const said = await next(socket, 'said');
    // After them comes the offset, since this server recovers sessions.
    same(said.slice(0, -1), ['before the connection', { nested: ['é☃'] }, null]);
    same(typeof said.at(-1), 'string');
  },

  'acknowledgements go both ways': async (open: Open): Promise<void> => {
    const socket = open();
    same(await socket.emitWithAck('echo', { a: 1 }), { a: 1 });
    socket.on('question', (text: string, answer: (text: string) => void) => answer(`${text} indeed`));
    socket.emit('ask me', 'true?');
    const [answer] = await next(socket, 'answered');
    same(answer, 'true? indeed');
  },

  'what is not acknowledged in time is said': async (open: Open): Promise<void> => {
    const socket = open();
    const outcome = await socket
      .timeout(200)
      .emitWithAck('say nothing')
      .catch((error: { code: string }) => error.code);
    same(outcome, 'ack_timeout');
  },

  'binary goes both ways': async (open: Open): Promise<void> => {
    const socket = open();
    const view = new Uint8Array([9, 8, 7]).subarray(1);
    socket.emit('say back', bytes(1, 2), { part: view, text: 'x' });
    const [first, second] = (await next(socket, 'said')) as [unknown, { part: unknown; text: string }];
    same([numbers(first), numbers(second.part), second.text], [[1, 2], [8, 7], 'x']);
  },

  'binary is acknowledged with binary both ways': async (open: Open): Promise<void> => {
    const socket = open();
    same(numbers(await socket.emitWithAck('echo', bytes(3, 0, 255))), [3, 0, 255]);
    socket.on('question', (given: unknown, answer: (more: ArrayBuffer) => void) =>
      answer(bytes(...numbers(given), 6)),
    );
    socket.emit('ask me', bytes(4, 5));
    const [answer] = await next(socket, 'answered');
    same(numbers(answer), [4, 5, 6]);
  },

  'namespaces share a connection': async (open: Open): Promise<void> => {
    const socket = open();
    const admin = socket.io.socket('/admin', { token: 'secret' }).connect();
    same(await admin.emitWithAck('whose connection'), await socket.emitWithAck('whose connection'));
    socket.disconnect();
    same(await admin.emitWithAck('echo', 'still here'), 'still here');
    admin.disconnect();
  },

  'a namespace that is not there refuses': async (open: Open): Promise<void> => {
    const socket = open('/nowhere');
    const [error] = (await next(socket, 'connect_error')) as [ConnectError];
    same([error.message, error.isRefusal, socket.active], ['Invalid namespace', true, false]);
  },

  'a refusal says why, and is not repeated until asked': async (open: Open): Promise<void> => {
    const socket = open('/admin', { auth: { token: 'wrong' } });
    const [error] = (await next(socket, 'connect_error')) as [ConnectError];
    same([error.message, error.data], ['no entry', { code: 'unauthorized', retryable: false }]);
    same([socket.connected, socket.active], [false, false]);
    socket.auth = { token: 'secret' };
    socket.connect();
    await next(socket, 'connect');
  },

  'who is put out by the server stays out': async (open: Open): Promise<void> => {
    const socket = open();
    socket.emit('put me out');
    same(await next(socket, 'disconnect'), ['io server disconnect']);
    same([socket.connected, socket.active], [false, false]);
  },

  'a connection that the server ends is opened again, and the session goes on': async (
    open: Open,
  ): Promise<void> => {
    const socket = open('', { reconnection: { delayMs: 50 } });
    // Else it has no offset, without which this server recovers nobody.
    socket.emit('say back');
    await next(socket, 'said');
    const { id } = socket;
    socket.emit('end my connection');
    same(await next(socket, 'disconnect'), ['transport close']);
    await next(socket, 'connect');
    same([socket.id, socket.recovered], [id, true]);
  },

  'what is missed while away comes, once and in order': async (open: Open): Promise<void> => {
    const [away, other] = [open('', { reconnection: { delayMs: 300, jitter: 0 } }), open()];
    await away.emitWithAck('join', 'room');
    const heard: unknown[] = [];
    away.on('told', (number: number) => heard.push(number));
    await Promise.all([next(away, 'told'), other.emitWithAck('tell', 'room', [1])]);
    away.io.cut();
    same(away.connected, false);
    await other.emitWithAck('tell', 'room', [2, 3, 4]);
    await next(away, 'connect');
    same(away.recovered, true);
    await other.emitWithAck('tell', 'room', [5]);
    await away.emitWithAck('echo');
    same(heard, [1, 2, 3, 4, 5]);
  },

  'who said goodbye begins anew': async (open: Open): Promise<void> => {
    const socket = open();
    await next(socket, 'connect');
    const { id } = socket;
    socket.disconnect();
    socket.connect();
    await next(socket, 'connect');
    same([socket.id !== id, socket.recovered], [true, false]);
  },

  'where nobody listens, it is tried again and again': async (open: Open): Promise<void> => {
    const socket = open('', { reconnection: { delayMs: 20 }, path: '/elsewhere/' });
    for (let attempt = 0; attempt < 3; attempt++) {
      const [error] = (await next(socket, 'connect_error')) as [ConnectError];
      same(error.isRefusal, false);
    }
  },

  'who listens to pings stays, and who gets none leaves': async (open: Open): Promise<void> => {
    const socket = open('', { reconnection: { delayMs: 20 } });
    same(await socket.emitWithAck('after pings', 3), 'still connected');
    socket.emit('ping me no more');
    same(await next(socket, 'disconnect'), ['ping timeout']);
    await next(socket, 'connect');
  },

  'a listener that throws is told, and the client goes on': async (open: Open): Promise<void> => {
    const faults: unknown[] = [];
    const socket = open('', { onFault: (error) => faults.push((error as Error).message) });
    socket.once('said', () => {
      throw new Error('on purpose');
    });
    socket.emit('say back', 1);
    same(await socket.emitWithAck('echo', 2), 2);
    same(faults, ['on purpose']);
  },

  'a VU has many at once': async (open: Open): Promise<void> => {
    const sockets = Array.from({ length: 40 }, () => open());
    const answers = await Promise.all(sockets.map((socket, index) => socket.emitWithAck('echo', index)));
    same(
      answers,
      sockets.map((_socket, index) => index),
    );
  },
};

// Who waits in vain is told so long before.
export const options: Options = {
  scenarios: {
    client: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '60s', gracefulStop: '1s' },
  },
};

export default function client(): Promise<void> {
  return runExercises(exercises);
}
