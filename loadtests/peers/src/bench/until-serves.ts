import { setTimeout as pause } from 'node:timers/promises';
import { get } from 'node:http';

const pollMs = 5;

/** Resolves once a server on this machine answers with 200, or once `signal` aborts. */
export async function untilServes(port: number, path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await serves(port, path))) await pause(pollMs);
}

async function serves(port: number, path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}
