import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchOptions } from '../../options.mjs';
import { renderFlameGraph, type CpuProfile } from '../results/flame-graph.ts';
import type { Phase } from './generator-process.ts';
import { openInspector, type Inspector } from './inspector.ts';
import type { Node } from './nodes.ts';
import type { Trial } from './trial.ts';

const samplingIntervalUs = 500;

/** Takes CPU profiles of all nodes, over the time between two calls, and draws them. */
export interface Profiler {
  begin(): void;
  end(): void;
  /** Resolves once what has begun and ended is written. */
  written(): Promise<void>;
}

/** @param name what the files' names begin with; `-node-1.cpuprofile`, `-node-1.svg` and so on follow */
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
    const { profile } = (await inspector.call('Profiler.stop')) as { profile: CpuProfile };
    const title = `${name}-node-${index + 1}`;
    writeFileSync(join(folder, `${title}.cpuprofile`), JSON.stringify(profile));
    writeFileSync(join(folder, `${title}.svg`), renderFlameGraph(profile, title));
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

/** Profiles nodes over what is measured of a trial, where that is asked for and can be had. */
export interface TrialProfile {
  onPhase(phase: Phase): void;
  /** Resolves once it is written. */
  written(): Promise<void>;
}

/** @param nodes those that live on until the end */
export async function profileTrial(
  trial: Trial,
  { profileFolder }: BenchOptions,
  nodes: readonly Node[],
): Promise<TrialProfile> {
  const profiler =
    profileFolder === undefined || trial.peer === 'centrifugo'
      ? undefined
      : await createProfiler(nodes, profileFolder, Object.values(trial).join('-'));
  return {
    onPhase(phase) {
      if (phase === 'measuring') profiler?.begin();
      if (phase === 'settling') profiler?.end();
    },
    written: async () => await profiler?.written(),
  };
}
