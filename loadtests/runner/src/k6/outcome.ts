/** What a run came to. Without imports: the scenarios, which k6 runs, say it with the same words. */

/** A threshold that did not hold. */
export interface Crossing {
  readonly metric: string;
  readonly rule: string;
}

/** What a step of a run that raises the load asks of the cluster. */
export interface Load {
  readonly members: number;
  readonly textsPerSecond: number;
  readonly deliveriesPerSecond: number;
}

/** In such a run: where it broke. */
export interface Break {
  readonly step: number;
  /** Whose limit broke first; more than one where they did within the same step. */
  readonly metrics: readonly string[];
  readonly load: Load;
  /** Of the last step in which all held; left out where the first one broke. */
  readonly held?: Load;
}

/** What a scenario adds to k6's summary, as `sluice`. */
export interface Outcome {
  /** Whether all that must hold did: thresholds of steps are there to be broken. */
  readonly passed: boolean;
  readonly crossed: readonly Crossing[];
  readonly broke?: Break;
  /** In a run that raises the load: what its last step asked, where it came to that and nothing broke. */
  readonly unbroken?: Load;
}

/** What a run that raises the load has found out; undefined for others, and for one that was ended before its last step. */
export function limitText({ broke, unbroken }: Outcome): string | undefined {
  if (broke !== undefined) return breakText(broke);
  return unbroken === undefined
    ? undefined
    : `broke nowhere up to the last step, at ${loadText(unbroken)}; raise MEMBERS`;
}

/** What broke first, and what held. */
function breakText({ step, metrics, load, held }: Break): string {
  const first = metrics.join(' and ');
  const before = held === undefined ? 'nothing less was tried' : `${loadText(held)} held`;
  return `broke first in step ${step}, at ${loadText(load)}: ${first}; ${before}`;
}

function loadText({ members, textsPerSecond, deliveriesPerSecond }: Load): string {
  return `${members} members, ${Math.round(textsPerSecond)} texts/s, ${Math.round(deliveriesPerSecond)} deliveries/s`;
}
