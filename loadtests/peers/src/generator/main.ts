/** The load generator, a process of its own: reads its plan from the file named first, and reports on stdout. */
import { readFileSync } from 'node:fs';
import { connect } from './connect.ts';
import { deliver } from './deliver.ts';
import { keepQuiet } from './keep-quiet.ts';
import { loseAndReturn } from './lose-and-return.ts';
import type { GeneratorLine, GeneratorPlan } from './plan.ts';

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as GeneratorPlan;
const say = (line: GeneratorLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

switch (plan.kind) {
  case 'delivery':
    say({ kind: 'report', report: await deliver(plan, say) });
    break;
  case 'connect':
    say({ kind: 'phase', phase: 'connecting' });
    say({ kind: 'report', report: await connect(plan) });
    break;
  case 'return':
    say({ kind: 'report', report: await loseAndReturn(plan, say) });
    break;
  case 'quiet':
    say({ kind: 'report', report: await keepQuiet(plan, say) });
    break;
}
