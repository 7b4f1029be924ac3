import http from 'k6/http';
import { complain } from '../complain.ts';
import { counters } from '../metrics.ts';
import { k6Url } from '../settings.ts';
import { pause } from './time.ts';

const lookEveryMs = 1_000;

interface Status {
  readonly data: { readonly attributes: { readonly tainted: boolean } };
}

/**
 * Says when any threshold of the run is crossed, which k6 itself looks at every other second. (k6's own `abortOnFail` would
 * end the members where they are, before anybody has checked what they heard.)
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
      const response = await http.asyncRequest('GET', `${k6Url}/v1/status`, null, {
        tags: { name: 'k6 status' },
      });
      if (response.status === 200) {
        this.#isPulled = (response.json() as unknown as Status).data.attributes.tainted;
        continue;
      }
      counters.sluice_failed.add(1);
      complain(
        `nobody says at ${k6Url} whether a threshold is crossed: set K6_API to what --address is`,
        response.error,
      );
      return;
    }
  }

  /** Nobody needs it any more. */
  release(): void {
    this.#isReleased = true;
  }
}
