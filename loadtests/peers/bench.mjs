// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { provisionCluster } from '../../infra/setup/provision.mjs';
import { inRepository } from '../../infra/setup/repository.mjs';
import { run } from '../../infra/setup/run.mjs';
import { exitWith } from '../../infra/setup/setup-error.mjs';
import { parseOptions, usage, UsageError } from './options.mjs';

const request = readRequest();
if (request.kind === 'help') {
  process.stdout.write(usage);
} else {
  await provisionCluster({ ownRedis: true }).catch(exitWith);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build', 'loadtests/peers']).catch(
    exitWith,
  );
  // Only now is there something to import.
  const { main } = await import('./dist/main.js');
  process.exit(await main(request));
}

function readRequest() {
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the person typed the command.
    const folder = process.env['INIT_CWD'] ?? process.cwd();
    const defaultOut = inRepository('loadtests', 'peers', 'results', 'latest.json');
    return parseOptions(process.argv.slice(2), folder, defaultOut);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n"npm run bench:peers -- --help" explains the options.`);
    process.exit(error.exitCode);
  }
}
