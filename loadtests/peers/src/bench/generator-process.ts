import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readyOrEnded, repositoryPath, spawnChild, type Child, type Scope } from '@sluice/testkit';
import type { GeneratorLine, GeneratorPlan, Reports } from '../generator/plan.ts';

const entry = 'loadtests/peers/dist/generator/main.js';
/** Beside what the plan itself takes. */
const patienceMs = 180_000;

export type Phase = Extract<GeneratorLine, { kind: 'phase' }>['phase'];

export interface Generated<Report> {
  readonly report: Report;
  readonly child: Child;
}

/**
 * Starts the load generator and resolves to its report, with the process, which lives on where the plan keeps its
 * connections. Rejects where it ends without.
 */
export async function generate<Kind extends keyof Reports>(
  scope: Scope,
  plan: Extract<GeneratorPlan, { kind: Kind }>,
  onPhase: (phase: Phase) => void,
): Promise<Generated<Reports[Kind]>> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-peers-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'plan.json');
  writeFileSync(path, JSON.stringify(plan));
  const child = await spawnChild(scope, {
    name: 'the load generator',
    command: process.execPath,
    args: [repositoryPath(entry), path],
  });
  let generated: Generated<Reports[Kind]> | undefined;
  child.output.subscribe(({ stream, text }) => {
    if (stream !== 'stdout') return;
    const line = JSON.parse(text) as GeneratorLine;
    if (line.kind === 'phase') onPhase(line.phase);
    else generated = { report: line.report as Reports[Kind], child };
  });
  return await readyOrEnded(child, 'the load generator', (signal) =>
    child.output.until(() => generated, {
      timeoutMs: patienceMs + plannedMs(plan),
      describe: () => `the load generator reports; ${child.tail()}`,
      signal,
    }),
  );
}

function plannedMs(plan: GeneratorPlan): number {
  switch (plan.kind) {
    case 'delivery':
      return plan.warmupMs + plan.measureMs;
    case 'connect':
      return 0;
    case 'return':
      return plan.warmupMs + 2 * plan.steadyMs;
    case 'quiet':
      return plan.warmupMs + 2 * plan.steadyMs + 2 * plan.awayMs;
  }
}
