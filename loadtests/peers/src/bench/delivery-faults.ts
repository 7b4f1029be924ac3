import type { OutputLine } from '@sluice/testkit';
import type { DeliveryPlan, DeliveryReport } from '../generator/plan.ts';
import type { Node } from './nodes.ts';

const defaultLatenessMs = 50;

/**
 * Why what was measured is not to be relied on; none where it is.
 * @param maxLatenessMs how late the generator may have been (p99)
 */
export function deliveryFaults(
  report: DeliveryReport,
  plan: DeliveryPlan,
  nodes: readonly Node[],
  maxLatenessMs = defaultLatenessMs,
): string[] {
  return [...faultsOf(report, plan, maxLatenessMs), ...complaintsOf(nodes)];
}

/** The least share of what was to happen in a window that has to have happened. */
const minShare = 0.98;

function faultsOf(report: DeliveryReport, plan: DeliveryPlan, maxLatenessMs: number): string[] {
  const faults = paceFaults(report, plan, maxLatenessMs);
  if (report.failures > 0) faults.push(`${report.failures} clients failed: ${report.firstFailure ?? ''}`);
  return faults;
}

/** Whether in a window the generator kept its pace, and the nodes kept up. Everybody is in one room, and all have as many. */
export function paceFaults(
  window: Pick<DeliveryReport, 'windowMs' | 'published' | 'delivered' | 'latenessP99Ms'>,
  plan: Pick<DeliveryPlan, 'ratePerS' | 'clients'>,
  maxLatenessMs = defaultLatenessMs,
): string[] {
  const { windowMs, published, delivered, latenessP99Ms } = window;
  const planned = (plan.ratePerS * windowMs) / 1_000;
  const members = plan.clients.length / new Set(plan.clients.map(({ rooms: [room] }) => room)).size;
  const faults: string[] = [];
  if (published < minShare * planned) {
    faults.push(`the generator sent ${published} of ${Math.round(planned)} messages`);
  }
  if (latenessP99Ms > maxLatenessMs) {
    faults.push(`the generator was ${Math.round(latenessP99Ms)} ms late (p99)`);
  }
  if (delivered < minShare * published * members) {
    faults.push(`the nodes delivered ${delivered} of ${published * members} times in the window`);
  }
  return faults;
}

const inspectorLines = /^(Debugger (listening|attached|ending)|For help, see: |Waiting for the debugger)/;

/** What nodes said on stderr: of work that nobody waited for, a driver has no other way to tell that it failed. */
export function complaintsOf(nodes: readonly Node[]): string[] {
  const lines = nodes.flatMap(({ child }) => child.output.entries.filter(isComplaint));
  return lines.length === 0 ? [] : [`the nodes complained ${lines.length} times: ${lines[0]?.text ?? ''}`];
}

function isComplaint({ stream, text }: OutputLine): boolean {
  return stream === 'stderr' && text !== '' && !inspectorLines.test(text);
}
