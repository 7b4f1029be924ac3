import http from 'k6/http';
import { complain } from '../complain.ts';
import { counters } from '../metrics.ts';
import { k6Url } from '../settings.ts';
import { pause } from './time.ts';

const lookEveryMs = 1_000;

interface MetricList {
  readonly data: readonly {
    readonly id: string;
    readonly attributes: { readonly tainted: boolean | null };
  }[];
}

/**
 * Says when a threshold of any step is crossed, which k6 itself looks at every other second. (k6's own `abortOnFail` would end
 * the members where they are, before anybody has checked what they heard.) What was crossed is counted, by step and metric, as
 * `sluice_broke`: it may hold again in the end.
 */
export class Brake {
  #isPulled = false;
  #isReleased = false;

  get isPulled(): boolean {
    return this.#isPulled;
  }

  /** Looks until it is pulled, or released. */
  async watch(): Promise<void> {
    while (!this.#isPulled && !this.#isReleased) {
      await pause(lookEveryMs);
      const response = await http.asyncRequest('GET', `${k6Url}/v1/metrics`, null, {
        tags: { name: 'k6 metrics' },
      });
      if (response.status !== 200) {
        counters.sluice_failed.add(1);
        complain(`nobody says at ${k6Url} what is crossed: set K6_API to what --address is`, response.error);
        return;
      }
      for (const { id, attributes } of (response.json() as unknown as MetricList).data)
        if (attributes.tainted === true) this.#pullFor(id);
    }
  }

  /** Nobody needs it any more. */
  release(): void {
    this.#isReleased = true;
  }

  #pullFor(metric: string): void {
    const [, of, step] = /^(\w+)\{step:(\d+)\}$/.exec(metric) ?? [];
    if (of === undefined || step === undefined) return;
    this.#isPulled = true;
    counters.sluice_broke.add(1, { step, of });
  }
}
