// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { provisionCluster } from '../../infra/setup/provision.mjs';
import { run } from '../../infra/setup/run.mjs';
import { exitWith } from '../../infra/setup/setup-error.mjs';
import { UsageError } from './command-line.mjs';

/**
 * Runs a command of this package: reads what is asked for, sets up what is missing, builds, and leaves with the exit code.
 * @param {{
 *   name: string,
 *   usage: string,
 *   parse: (args: readonly string[], folder: string) => { readonly kind: string },
 *   load: () => Promise<{ main: (request: any) => Promise<number> }>,
 * }} command `load` imports what the build has made
 */
export async function runCommand({ name, usage, parse, load }) {
  const request = readRequest(name, parse);
  if (request.kind === 'help') {
    process.stdout.write(usage);
    return;
  }
  await provisionCluster({ ownRedis: true }).catch(exitWith);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '--build', 'loadtests/peers']).catch(
    exitWith,
  );
  const { main } = await load();
  process.exit(await main(request));
}

function readRequest(name, parse) {
  try {
    // npm runs scripts in the package's folder; INIT_CWD is where the person typed the command.
    return parse(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n"npm run ${name} -- --help" explains the options.`);
    process.exit(error.exitCode);
  }
}
