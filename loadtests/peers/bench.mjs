// Plain JavaScript without packages: this runs on a clone where nothing is installed or built yet.
import { inRepository } from '../../infra/setup/repository.mjs';
import { runCommand } from './run-command.mjs';
import { parseOptions, usage } from './options.mjs';

await runCommand({
  name: 'bench:peers',
  usage,
  parse: (args, folder) =>
    parseOptions(
      args,
      folder,
      inRepository('loadtests', 'peers', 'results', 'latest.json'),
      process.env['CENTRIFUGO'],
    ),
  load: () => import('./dist/main.js'),
});
