import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * @typedef {object} ClusterOptions
 * @property {number} nodes
 * @property {number} port
 * @property {string} host
 * @property {string | undefined} driver
 * @property {string} dataFolder Absolute.
 * @property {boolean} verbose
 * @property {boolean} trace
 */

const drivers = ['lanes', 'streams', 'sharded-pubsub'];
const maxNodes = 16;
/** The highest offset from the front's port that a part of the cluster uses. */
const portSpan = 200;

export const usage = `Usage: npm start -- [options]

Starts a whole Sluice cluster on this machine: a private Redis, gateways, and HAProxy as the one address in front of
them. Installs and builds what is missing first. Ctrl-C stops everything.

Options
  --nodes N      gateways to start, 1 to ${maxNodes} (default 3)
  --port P       where the front listens (default 3000). Gateway i (from 1) listens on P+i, its operators' port
                 is P+100+i, and Redis is on P+200. All of them are checked before anything starts
  --host ADDR    address of the front (default 127.0.0.1). Everything else stays on the loopback
  --driver NAME  cluster adapter: ${drivers.join(' or ')} (default: the gateway's own default)
  --data DIR     where Redis keeps its append-only file (default .sluice/data)
  --verbose      every line of every process, as it was written
  --trace        show the way of each message through the cluster as a tree: every hop, when and for how long.
                 Gateways and the web page send their spans to P+150, on the loopback
  --help         this text

Environment
  REDIS_URL         use this Redis instead of a private one
  JWT_SECRET        sign tokens with this instead of a secret kept in the data folder. JWT_JWKS_URL has no place here:
                    this is development mode, which signs its own tokens
  FRONT_STATS_BIND  where HAProxy shows its own page and /metrics, e.g. 127.0.0.1:8404 (default: nowhere)
  NO_COLOR          no colours
  The gateways' other variables (LOG_LEVEL, HISTORY_MAX_MESSAGES, OTEL_*, ...) pass through to them, but for those of
  traces under --trace.

Exit codes: 0 stopped as asked, 1 failed, or asked twice and left at once, 64 wrong options, 69 something is missing or
in use, 78 wrong configuration.
`;

/** What is wrong with the options, one line each. */
export class UsageError extends Error {
  /** EX_USAGE of sysexits.h. */
  exitCode = 64;
}

/** What is wrong with the environment. */
class EnvironmentError extends UsageError {
  /** EX_CONFIG. */
  exitCode = 78;
}

/**
 * @param {readonly string[]} args
 * @param {string} folder What a relative --data is relative to.
 * @param {string} defaultDataFolder
 * @returns {{ kind: 'help' } | { kind: 'run', options: ClusterOptions }}
 * @throws {UsageError} naming every fault at once.
 */
export function parseOptions(args, folder, defaultDataFolder) {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  const faults = positionals.map((word) => `"${word}" is not an option`);
  const nodes = integer(values.nodes, '--nodes', 1, maxNodes, faults);
  const port = integer(values.port, '--port', 1, 65_535 - portSpan, faults);
  if (values.driver !== undefined && !drivers.includes(values.driver)) {
    faults.push(`--driver must be ${drivers.join(' or ')}, not "${values.driver}"`);
  }
  if (values.host !== 'localhost' && isIP(values.host) === 0) {
    faults.push(`--host must be an IP address or localhost, not "${values.host}"`);
  }
  if (values.data === '') faults.push('--data must name a folder');
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  const dataFolder = values.data === undefined ? defaultDataFolder : resolve(folder, values.data);
  const host = values.host === 'localhost' ? '127.0.0.1' : values.host;
  return {
    kind: 'run',
    options: {
      nodes,
      port,
      host,
      driver: values.driver,
      dataFolder,
      verbose: values.verbose,
      trace: values.trace,
    },
  };
}

/**
 * Refuses what no gateway of this cluster could run with. The rest of their configuration is theirs to check.
 * @param {Readonly<NodeJS.ProcessEnv>} environment
 * @throws {UsageError}
 */
export function requireUsable(environment) {
  if (!environment['JWT_JWKS_URL']) return;
  throw new EnvironmentError(
    'JWT_JWKS_URL cannot be used here: npm start runs development mode, which signs its own tokens.\n' +
      'Unset it, or run the gateways yourself.',
  );
}

function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        nodes: { type: 'string', default: '3' },
        port: { type: 'string', default: '3000' },
        host: { type: 'string', default: '127.0.0.1' },
        driver: { type: 'string' },
        data: { type: 'string' },
        verbose: { type: 'boolean', default: false },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // Node's texts name the option; what follows the first sentence is advice on positional arguments.
    throw new UsageError(error.message.split('. ')[0], { cause: error });
  }
}

function integer(text, name, min, max, faults) {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    faults.push(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
