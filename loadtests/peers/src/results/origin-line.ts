import type { Machine } from './machine.ts';
import type { Versions } from './versions.ts';

/** Where figures come from: the machine, and what was measured on it. */
export function originLine({ machine, versions }: { machine: Machine; versions: Versions }): string {
  const load = machine.loadAverageBefore.map((average) => average.toFixed(2)).join(', ');
  const at = versions.commit === undefined ? '' : `, at ${versions.commit.slice(0, 10)}`;
  const centrifugo = versions.centrifugo === undefined ? '' : `, Centrifugo ${versions.centrifugo}`;
  const changed = versions.changedSince ? ' and changes' : '';
  return [
    `Machine: ${machine.cpus} cores of ${machine.model}; its load average before: ${load}`,
    `Node ${versions.node.slice(1)}, Redis ${versions.redis}${centrifugo}${at}${changed}`,
  ].join('\n');
}
