// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { inRepository } from '../../infra/setup/repository.mjs';
import { runCommand } from './run-command.mjs';
import { parseTelemetryOptions, usage } from './telemetry-options.mjs';

await runCommand({
  name: 'bench:telemetry',
  usage,
  parse: (args, folder) =>
    parseTelemetryOptions(args, folder, inRepository('loadtests', 'peers', 'results', 'telemetry.json')),
  load: () => import('./dist/telemetry/main.js'),
});
