// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { ensureK6, findK6, whyNoK6 } from '../infra/setup/k6.mjs';
import { provisionCluster } from '../infra/setup/provision.mjs';
import { inRepository } from '../infra/setup/repository.mjs';
import { run } from '../infra/setup/run.mjs';
import { exitWith, SetupError } from '../infra/setup/setup-error.mjs';
import { helpFor, parseOptions, UsageError } from './load-options.mjs';

const request = readRequest();
switch (request.kind) {
  case 'help':
    process.stdout.write(helpFor(request.scenario));
    break;
  case 'archive':
    await archive(request).catch(exitWith);
    break;
  case 'run': {
    const k6 = await provision().catch(exitWith);
    // Only now is there something to import.
    const { main } = await import('./runner/dist/main.js');
    process.exit(await main({ ...request, k6 }));
  }
}

/** Sets up what is missing; resolves to k6's path. */
async function provision() {
  await provisionCluster({ ownRedis: true });
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build', 'loadtests/runner']);
  return await provisionK6();
}

async function provisionK6() {
  await ensureK6();
  const found = findK6();
  if (found !== undefined) return found;
  throw new SetupError(
    `There is no k6, and it cannot be built here: ${whyNoK6()}\n` +
      'Install Go 1.21 or later, or k6 1.0 or later (https://grafana.com/docs/k6/latest/set-up/install-k6/), or name one: K6=/path/to/k6',
  );
}

/** Writes a scenario and all it imports as one file. k6 keeps in it what follows from the sizes, which are given for that reason. */
async function archive({ run: { name, size }, instances, tokenFile, file }) {
  const k6 = await provisionK6();
  const sizes = Object.entries({
    ...size,
    INSTANCES: instances,
    ...(tokenFile === undefined ? {} : { TOKENS: tokenFile }),
  }).flatMap(([variable, value]) => ['-e', `${variable}=${value}`]);
  await run(k6, ['archive', '--quiet', '-O', file, ...sizes, `loadtests/scenarios/${name}.ts`]);
  console.log(
    `${file}: to be run with TARGET=, JWT_SECRET= (unless it has tokens), and one RUN= for all ${instances} k6`,
  );
}

function readRequest() {
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the person typed the command.
    const folder = process.env['INIT_CWD'] ?? process.cwd();
    return parseOptions(process.argv.slice(2), process.env, folder, inRepository('loadtests', 'results'));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n"npm run load -- --help" explains scenarios and options.`);
    process.exit(error.exitCode);
  }
}
