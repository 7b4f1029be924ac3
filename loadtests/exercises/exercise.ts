import { check } from 'k6';
import { clearTimeout, setTimeout } from 'k6/timers';
import { io, type IoOptions } from '../client/io.ts';
import type { Socket } from '../client/socket.ts';
import { complain } from '../complain.ts';
import { target } from '../settings.ts';

const patienceMs = 10_000;

/** Connects to a namespace of the server. A fault that no exercise has asked for is in the log. */
export type Open = (namespace?: string, options?: Partial<IoOptions>) => Socket;

export type Exercise = (open: Open) => Promise<void>;

/** Runs them one after the other, each as a check of its name, which fails where it rejects. */
export async function runExercises(exercises: Readonly<Record<string, Exercise>>): Promise<void> {
  for (const [name, exercise] of Object.entries(exercises)) {
    const sockets: Socket[] = [];
    let isDone = false;
    try {
      await exercise((namespace = '', options = {}) => {
        const socket = io(target + namespace, { onFault: (error) => complain(name, error), ...options });
        sockets.push(socket);
        return socket;
      });
      isDone = true;
    } catch (error) {
      complain(name, error);
    }
    for (const socket of sockets) socket.disconnect();
    check(isDone, { [name]: (done) => done });
  }
}

/** Resolves to the arguments of the next `event`. */
export function next(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${event} did not come`)), patienceMs);
    socket.once(event, (...args: unknown[]) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

/** Throws where they are not the same as JSON. */
export function same(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}
