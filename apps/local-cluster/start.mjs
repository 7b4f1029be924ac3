// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { provisionCluster } from '../../infra/setup/provision.mjs';
import { inRepository } from '../../infra/setup/repository.mjs';
import { exitWith } from '../../infra/setup/setup-error.mjs';
import { parseOptions, requireUsable, usage, UsageError } from './options.mjs';

const environment = process.env;
const request = readRequest();
if (request.kind === 'help') {
  process.stdout.write(usage);
} else {
  const redisUrl = environment['REDIS_URL'] || undefined;
  const programs = await provisionCluster({ ownRedis: redisUrl === undefined }).catch(exitWith);
  // Only now is there something to import.
  const { main } = await import('./dist/main.js');
  await main({ options: request.options, programs, root: inRepository(), redisUrl, environment });
}

function readRequest() {
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the person typed the command.
    const folder = environment['INIT_CWD'] ?? process.cwd();
    const parsed = parseOptions(process.argv.slice(2), folder, inRepository('.sluice', 'data'));
    if (parsed.kind === 'run') requireUsable(environment);
    return parsed;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n"npm start -- --help" explains the options.`);
    process.exit(error.exitCode);
  }
}
