// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { parseArgs } from 'node:util';
import { provisionCluster } from '../../infra/setup/provision.mjs';
import { run } from '../../infra/setup/run.mjs';
import { exitWith } from '../../infra/setup/setup-error.mjs';

const drivers = ['lanes', 'streams', 'sharded-pubsub'];
/** EX_USAGE of sysexits.h. */
const wrongUsage = 64;

const usage = `Usage: npm run chaos -- [options]

Starts a Redis and gateways, lets clients talk over them, and kills, freezes and cuts off whatever the seed says. In the end
it holds what everybody heard against what was promised: nothing lost, nothing twice, one order, every gap said.

Options
  --seed N       begin with this seed (default: a random one). Every 30 s a round ends and the next seed begins
  --minutes M    how long faults are injected, fractions allowed (default 1)
  --driver NAME  ${drivers.join(', ')} (default ${drivers[0]})
  --nodes N      gateways, 2 to 4 (default 3)
  --help         this text

A seed that failed: npm run chaos -- --seed N --minutes 0.5

Exit codes: 0 every promise was kept, 1 one was not (the shortest history that shows it is printed), 64 wrong options,
69 something is missing.
`;

const request = readRequest();
if (request.kind === 'help') {
  process.stdout.write(usage);
} else {
  await provisionCluster({ ownRedis: true }).catch(exitWith);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build', 'packages/testkit']).catch(
    exitWith,
  );
  // Only now is there something to import.
  const { main } = await import('./dist/chaos/main.js');
  process.exit(await main(request.command));
}

function readRequest() {
  const faults = [];
  const values = read(faults);
  if (values.help) return { kind: 'help' };
  const number = (text, name, min, max, isGood = Number.isInteger) => {
    const value = text === '' ? Number.NaN : Number(text);
    if (!isGood(value) || value < min || value > max) {
      faults.push(`--${name} must be a number from ${min} to ${max}, not "${text}"`);
    }
    return value;
  };
  const command = {
    seed: number(values.seed, 'seed', 0, 4_000_000_000),
    minutes: number(values.minutes, 'minutes', 0.05, 10_000, Number.isFinite),
    driver: values.driver,
    nodes: number(values.nodes, 'nodes', 2, 4),
  };
  if (!drivers.includes(command.driver)) {
    faults.push(`--driver must be one of ${drivers.join(', ')}, not "${String(command.driver)}"`);
  }
  if (faults.length === 0) return { kind: 'run', command };
  console.error(`${faults.join('\n')}\n"npm run chaos -- --help" explains the options.`);
  process.exit(wrongUsage);
}

function read(faults) {
  const options = {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    minutes: { type: 'string', default: '1' },
    driver: { type: 'string', default: drivers[0] },
    nodes: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    // What follows the first sentence is advice on positional arguments.
    faults.push(error.message.split('. ')[0]);
    return parseArgs({ args: [], options }).values;
  }
}
