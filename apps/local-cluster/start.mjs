// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { provisionCluster } from '../../infra/setup/provision.mjs';
import { inRepository } from '../../infra/setup/repository.mjs';
import { exitWith } from '../../infra/setup/setup-error.mjs';
import { parseOptions, usage, UsageError } from './options.mjs';

const request = readRequest();
if (request.kind === 'help') {
  process.stdout.write(usage);
} else {
  const programs = await provisionCluster({ ownRedis: !process.env['REDIS_URL'] }).catch(exitWith);
  // Only now is there something to import.
  const { main } = await import('./dist/main.js');
  await main({ options: request.options, programs, root: inRepository() });
}

function readRequest() {
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the person typed the command.
    const folder = process.env['INIT_CWD'] ?? process.cwd();
    return parseOptions(process.argv.slice(2), folder, inRepository('.sluice', 'data'));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n"npm start -- --help" explains the options.`);
    process.exit(error.exitCode);
  }
}
