import { once } from 'node:events';
import type { Child } from '@sluice/testkit';
import { WebSocket } from 'ws';
import { peersError } from '../errors.ts';

/** A connection to a process's inspector (Chrome DevTools Protocol). */
export interface Inspector {
  /** Rejects with `not_inspected`. */
  call(method: string, params?: object): Promise<unknown>;
  close(): void;
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Opens the inspector of a Node process by SIGUSR1, where it is not open yet, and connects. */
export async function openInspector(child: Child): Promise<Inspector> {
  child.signal('SIGUSR1');
  const url = await child.output.until((lines) => {
    const match = lines.map(({ text }) => /^Debugger listening on (ws:\S+)$/.exec(text)).find(Boolean);
    return match?.[1];
  });
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  socket.on('message', (data) => {
    const { id, result, error } = JSON.parse((data as Buffer).toString()) as Reply;
    const call = pending.get(id ?? 0);
    pending.delete(id ?? 0);
    if (error === undefined) call?.resolve(result);
    else call?.reject(peersError('not_inspected', { text: error.message }));
  });
  socket.on('close', () => {
    for (const { reject } of pending.values()) reject(peersError('not_inspected'));
  });
  await once(socket, 'open');
  let lastId = 0;
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        socket.send(JSON.stringify({ id: lastId, method, params }));
      }),
    close: () => socket.close(),
  };
}
