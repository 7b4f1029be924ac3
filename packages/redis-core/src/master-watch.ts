import type { Clock } from '@sluice/kernel';
import { findMaster } from './sentinel.ts';
import type { Address, SentinelTopology } from './topology.ts';

export interface MasterWatchOptions {
  /** What CLIENT LIST of the sentinels shows. */
  readonly name: string;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly patienceMs: number;
  readonly onMaster: (master: Address) => void;
}

/**
 * Asks the sentinels again and again. A master that lives on while another is promoted takes writes, all of them lost,
 * until a sentinel turns it into a replica, and that takes ten seconds (sentinel.c: four hello periods, then INFO).
 */
export class MasterWatch {
  readonly #topology: SentinelTopology;
  readonly #options: MasterWatchOptions;
  readonly #stopped = new AbortController();
  #cancel: (() => void) | undefined;

  constructor(topology: SentinelTopology, options: MasterWatchOptions) {
    this.#topology = topology;
    this.#options = options;
  }

  start(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, everyMs } = this.#options;
    this.#cancel = clock.schedule(everyMs, () => void this.#look());
  }

  stop(): void {
    this.#stopped.abort();
    this.#cancel?.();
  }

  /** Never rejects: without an answer everything stays as it is. */
  async #look(): Promise<void> {
    const { name, clock, patienceMs, onMaster } = this.#options;
    const { signal } = this.#stopped;
    await findMaster(this.#topology, { name, clock, patienceMs, signal }).then(
      (master) => {
        if (!signal.aborted) onMaster(master);
      },
      () => undefined,
    );
    this.start();
  }
}
