import type { ReturnPlan, ReturnReport } from '../generator/plan.ts';
import { complaintsOf, paceFaults } from './delivery-faults.ts';
import type { Node } from './nodes.ts';

/** Why what was measured is not to be relied on; none where it is. */
export function returnFaults(report: ReturnReport, plan: ReturnPlan, nodes: readonly Node[]): string[] {
  const { stillAway, failures, firstFailure = '' } = report;
  return [
    // While everybody comes back nodes and generator have more to do than there is time: only before and after do they not.
    ...report.steady.flatMap((window) => paceFaults(window, plan)),
    ...(stillAway > 0 ? [`${stillAway} clients did not come back`] : []),
    ...(failures > 0 ? [`${failures} clients failed: ${firstFailure}`] : []),
    ...complaintsOf(nodes),
  ];
}
