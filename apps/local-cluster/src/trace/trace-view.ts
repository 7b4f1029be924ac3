import type { Clock, Lifecycle } from '@sluice/kernel';
import type { Address } from '../cluster-plan.ts';
import type { LogView } from '../log-view.ts';
import { createOtlpReceiver } from './otlp-receiver.ts';
import { createTraceAssembly } from './trace-assembly.ts';
import { createTracePace } from './trace-pace.ts';
import { renderTree, type TreeStyle } from './trace-tree.ts';

export interface TraceViewDependencies {
  readonly clock: Clock;
  readonly view: LogView;
}

export interface TraceViewOptions {
  /** Where spans are sent to. */
  readonly address: Address;
  readonly style: TreeStyle;
}

/** Shows the traces of messages and connections as trees. To be stopped after what sends them. */
export function createTraceView(
  { clock, view }: TraceViewDependencies,
  { address, style }: TraceViewOptions,
): Lifecycle {
  const pace = createTracePace({
    clock,
    show: (part) => view.print(`\n${renderTree(part, style)}`),
    say: (text) => view.say(text),
  });
  const assembly = createTraceAssembly({ clock, onPart: (part) => pace.offer(part) });
  const receiver = createOtlpReceiver({ onSpans: (spans) => assembly.add(spans) }, { address });
  return {
    name: 'trace view',
    start: async (signal) => await receiver.start(signal),
    async stop(deadlineMs) {
      await receiver.stop(deadlineMs);
      assembly.flush();
      pace.flush();
    },
  };
}
