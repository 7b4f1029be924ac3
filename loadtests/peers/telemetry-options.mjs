import { parseOptionsAlone, readValues } from './command-line.mjs';

const settings = ['off-again', 'metrics', '1%', '100%'];
const roomSize = 4;

const full = {
  setting: settings.join(),
  nodes: '2',
  rounds: '3',
  'warmup-s': '60',
  'measure-s': '60',
  rate: '800',
  clients: '160',
};
const quick = {
  ...full,
  rounds: '1',
  'warmup-s': '1',
  'measure-s': '3',
  rate: '100',
  clients: '16',
};

export const usage = `Usage: npm run bench:telemetry -- [options]

Measures what telemetry costs: CPU time of whole gateways per delivery (driver lanes), with it and without, of two clusters
that run at the same time and differ in nothing else.

What to measure
  --setting A,B         what is compared with off, where nothing is counted or traced, of the following (default: all)
      off-again         off once more: how far its ratio is from 1 is what the ratios of the others are worth
      metrics           metrics are counted
      1%                metrics, and traces of 1 % of the messages, exported over OTLP
      100%              the same of all messages; a quarter of the clients are told each message's trace
  --nodes N             gateways of each cluster (default ${full.nodes})
  --rounds N            of all settings, medians taken (default ${full.rounds})
  --quick               a look that takes about a minute and is no measurement

How
  --warmup-s S          how long every gateway has delivered before a window begins (default ${full['warmup-s']})
  --measure-s S         length of a window (default ${full['measure-s']}: one export of metrics)
  --rate N              messages per second, of both clusters together (default ${full.rate})
  --clients N           in rooms of ${roomSize}, of each cluster (default ${full.clients})
  --profile DIR         write CPU profiles of all gateways' windows there (.cpuprofile), and flame graphs of them (.svg):
                        the figures are then no measurement

Results
  --check               fail where 1% costs more than 1.05 times off
  --out FILE            JSON with every round (default loadtests/peers/results/telemetry.json)
  --help                this text

Exit codes: 0 measured, 1 a run failed or was not valid, or something was lost, doubled or reversed, 2 --check and 1% costs too
much, 64 wrong options, 69 something is missing.
`;

/**
 * @param {readonly string[]} args
 * @param {string} folder What a relative path is relative to.
 * @param {string} defaultOut
 * @returns {import('./telemetry-options.mjs').TelemetryRequest}
 * @throws {import('./command-line.mjs').UsageError} naming every fault at once.
 */
export function parseTelemetryOptions(args, folder, defaultOut) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const given = parseOptionsAlone(args, {
    setting: text,
    nodes: text,
    rounds: text,
    quick: flag,
    'warmup-s': text,
    'measure-s': text,
    rate: text,
    clients: text,
    profile: text,
    check: flag,
    out: text,
    help: { ...flag, short: 'h' },
  });
  if (given.help) return { kind: 'help' };
  const isQuick = given.quick ?? false;
  const { faults, list, number, whole, path, check } = readValues(
    { ...(isQuick ? quick : full), ...given },
    folder,
  );
  const options = {
    quick: isQuick,
    settings: list('setting', settings),
    nodes: whole('nodes', 1, 16),
    rounds: whole('rounds', 1, 100),
    warmupMs: number('warmup-s', 0, 3_600) * 1_000,
    measureMs: number('measure-s', 1, 3_600) * 1_000,
    ratePerS: number('rate', 1, 100_000),
    clients: whole('clients', roomSize, 20_000),
    roomSize,
    profileFolder: path('profile'),
    check: given.check ?? false,
    out: path('out') ?? defaultOut,
  };
  if (options.clients % roomSize !== 0) faults.push(`--clients must be a multiple of ${roomSize}`);
  if (options.check && !options.settings.includes('1%')) faults.push('--check needs the setting 1%');
  check();
  return { kind: 'run', options };
}
