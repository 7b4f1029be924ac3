import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { PeerName } from '../../options.mjs';
import { openInspector } from './inspector.ts';
import type { Node } from './nodes.ts';

/** Has all nodes collect their garbage, so that what is resident is what is held. */
export interface GarbageCollection {
  collect(): Promise<void>;
  close(): void;
}

export async function createGarbageCollection(
  peer: PeerName,
  nodes: readonly Node[],
): Promise<GarbageCollection> {
  if (peer === 'centrifugo') {
    return {
      async collect() {
        await Promise.all(nodes.map(({ port }) => collectInGo(port)));
      },
      close: () => undefined,
    };
  }
  // Open from the start: what an open inspector holds is no connection's.
  const inspectors = await Promise.all(nodes.map(({ child }) => openInspector(child)));
  return {
    async collect() {
      await Promise.all(inspectors.map((inspector) => inspector.call('HeapProfiler.collectGarbage')));
    },
    close() {
      for (const inspector of inspectors) inspector.close();
    },
  };
}

/** Go collects before it writes a heap profile; what it gives back to the system, and when, is its own business. */
async function collectInGo(port: number): Promise<void> {
  const request = get({ host: '127.0.0.1', port, path: '/debug/pprof/heap?gc=1', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
}
