import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInspector, type Inspector } from './inspector.ts';
import type { Node } from './nodes.ts';

const samplingIntervalUs = 500;

/** Takes CPU profiles of all nodes, over the time between two calls. */
export interface Profiler {
  begin(): void;
  end(): void;
  /** Resolves once what has begun and ended is written. */
  written(): Promise<void>;
}

/** @param name what the files' names begin with; `-node-1.cpuprofile` and so on follow */
export async function createProfiler(
  nodes: readonly Node[],
  folder: string,
  name: string,
): Promise<Profiler> {
  mkdirSync(folder, { recursive: true });
  const inspectors = await Promise.all(nodes.map(({ child }) => openInspector(child)));
  const all = async (body: (inspector: Inspector, index: number) => Promise<unknown>): Promise<void> => {
    await Promise.all(inspectors.map(body));
  };
  await all((inspector) => inspector.call('Profiler.enable'));
  await all((inspector) => inspector.call('Profiler.setSamplingInterval', { interval: samplingIntervalUs }));
  let work = Promise.resolve();
  const write = async (inspector: Inspector, index: number): Promise<void> => {
    const { profile } = (await inspector.call('Profiler.stop')) as { profile: unknown };
    writeFileSync(join(folder, `${name}-node-${index + 1}.cpuprofile`), JSON.stringify(profile));
    inspector.close();
  };
  return {
    begin: () => {
      work = work.then(() => all((inspector) => inspector.call('Profiler.start')));
    },
    end: () => {
      work = work.then(() => all(write));
    },
    written: () => work,
  };
}
