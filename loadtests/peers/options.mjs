import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseOptionsAlone, readValues } from './command-line.mjs';

const peersAlways = ['floor', 'lanes', 'sharded-pubsub', 'streams'];
const peers = [...peersAlways, 'centrifugo'];
const works = ['rooms', 'fanout', 'flat', 'idle', 'storm', 'crash', 'quiet', 'ready', 'gateway'];
const roomSize = 4;

const full = {
  work: works.join(),
  nodes: '2,4,8',
  rounds: '5',
  'warmup-s': '20',
  'measure-s': '10',
  rate: '800',
  clients: '320',
  'fanout-rate': '20',
  'sockets-per-node': '400',
  connections: '10000',
  'idle-s': '25',
  'return-nodes': '4',
  'return-clients': '600',
  'return-rate': '200',
  'away-s': '4',
};
const quick = {
  work: 'rooms,fanout,idle,storm,crash,quiet',
  nodes: '2',
  rounds: '1',
  'warmup-s': '1',
  'measure-s': '1',
  rate: '200',
  clients: '32',
  'fanout-rate': '20',
  'sockets-per-node': '40',
  connections: '200',
  'idle-s': '1',
  'return-nodes': '2',
  'return-clients': '32',
  'return-rate': '100',
  'away-s': '0.5',
};

export const usage = `Usage: npm run bench:peers -- [options]

Measures our adapter (lanes), the official ones (sharded-pubsub, streams), Centrifugo and the floor (bare ws and one SPUBLISH
per message) in the same run: CPU time of the nodes and of Redis, latency, memory, and whether anything was lost, doubled or
out of order. Takes long, and wants a machine with nothing else to do.

What to measure
  --driver A,B          of ${peers.join(', ')} (default: all;
                        centrifugo where CENTRIFUGO=PATH names a centrifugo 6 binary)
  --work A,B            of the following (default: all; with --quick ${quick.work})
      rooms             rooms of ${roomSize} members on successive nodes: what a delivery and a publish cost
      fanout            one room with many sockets on each of as few nodes as --nodes has
      flat              the rooms on as few nodes as --nodes has, while the other nodes serve nobody
      idle              connections in 2 rooms each, on as few nodes: what one holds, what it costs to make and to keep
      storm             most members of such rooms lose their connections at once, and come back while the others talk:
                        what a return costs, how long it takes, and what is missing or wrong afterwards
      crash             a node is killed while everybody talks, and its clients go to the others: the same
      quiet             one node has a few clients in rooms where little is said, the others have busy rooms: what that
                        node pays for these, and what it costs to come back to a quiet room
      ready             from the start of a whole gateway until it is ready
      gateway           rooms over whole gateways, with tokens, limits, histories and acknowledgements
  --nodes A,B           how many nodes, 1 to 16 (default ${full.nodes})
  --rounds N            each of all that, medians taken (default ${full.rounds})
  --quick               a look that takes about a minute and is no measurement: ${quick.nodes} nodes, ${quick.clients} clients

How
  --warmup-s S          how long every node has delivered before a window begins (default ${full['warmup-s']})
  --measure-s S         length of a window (default ${full['measure-s']})
  --rate N              messages per second in all rooms together (default ${full.rate})
  --clients N           in rooms (default ${full.clients})
  --fanout-rate N       messages per second in fanout's room (default ${full['fanout-rate']})
  --sockets-per-node N  in fanout's room (default ${full['sockets-per-node']})
  --connections N       of idle, on all nodes together (default ${full.connections})
  --idle-s S            how long they are watched (default ${full['idle-s']}: one heartbeat of each)
  --return-nodes N      how many nodes storm, crash and quiet have, 2 to 16 (default ${full['return-nodes']})
  --return-clients N    in the rooms of storm and crash; in storm three in four lose their connections (default ${full['return-clients']})
  --return-rate N       messages per second in these rooms together (default ${full['return-rate']})
  --away-s S            how long clients of quiet rooms are away (default ${full['away-s']})
  --node-flags FLAGS    Node's options for the nodes, e.g. "--max-semi-space-size=64"
  --aof                 Redis keeps its append-only file, as in production (default: it keeps nothing)
  --profile DIR         write CPU profiles of the nodes' windows there (.cpuprofile), and flame graphs of them (.svg): the
                        figures are then no measurement

Results
  --out FILE            JSON with every round (default loadtests/peers/results/latest.json)
  --chart FILE          draw the medians as SVG too
  --markdown FILE       write a table for a page too: times the floor, what was counted, and by how much lanes is not the best
  --from FILE           measure nothing: show the results in FILE, and draw and write what --chart and --markdown ask for
  --help                this text

Environment
  CENTRIFUGO            the path of a centrifugo 6 binary; it is not measured by --work ready,gateway, and --node-flags and
                        --profile do not concern it

Exit codes: 0 measured, 1 a run failed or was not valid, or lanes lost, doubled or reversed something, 64 wrong options,
69 something is missing.
`;

/**
 * @param {readonly string[]} args
 * @param {string} folder What a relative path is relative to.
 * @param {string} defaultOut
 * @param {string | undefined} centrifugo The path of Centrifugo's program.
 * @returns {import('./options.mjs').Request}
 * @throws {import('./command-line.mjs').UsageError} naming every fault at once.
 */
export function parseOptions(args, folder, defaultOut, centrifugo) {
  const given = parse(args);
  if (given.help) return { kind: 'help' };
  const isQuick = given.quick ?? false;
  const offered = centrifugo ? peers : peersAlways;
  const values = { driver: offered.join(), ...(isQuick ? quick : full), ...given };
  const { faults, list, number, numbers, whole, path, check } = readValues(values, folder);
  const pages = { chart: path('chart'), markdown: path('markdown') };
  const from = path('from');
  const options = {
    quick: isQuick,
    peers: list('driver', peers),
    works: list('work', works),
    nodes: numbers('nodes', 1, 16),
    rounds: whole('rounds', 1, 100),
    warmupMs: number('warmup-s', 0, 3_600) * 1_000,
    measureMs: number('measure-s', 0.1, 3_600) * 1_000,
    ratePerS: number('rate', 1, 100_000),
    clients: whole('clients', roomSize, 20_000),
    roomSize,
    fanoutRatePerS: number('fanout-rate', 0.1, 10_000),
    socketsPerNode: whole('sockets-per-node', 1, 20_000),
    connections: whole('connections', 1, 200_000),
    idleMs: number('idle-s', 0.1, 3_600) * 1_000,
    awayMs: number('away-s', 0.1, 600) * 1_000,
    returnNodes: whole('return-nodes', 2, 16),
    returnClients: whole('return-clients', roomSize, 20_000),
    returnRatePerS: number('return-rate', 1, 100_000),
    centrifugo: undefined,
    leftOut: undefined,
    nodeFlags: (values['node-flags'] ?? '').split(/\s+/).filter((flag) => flag !== ''),
    aof: values.aof ?? false,
    profileFolder: path('profile'),
    out: path('out') ?? defaultOut,
  };
  for (const name of ['clients', 'return-clients']) {
    if (Number(values[name]) % roomSize !== 0) faults.push(`--${name} must be a multiple of ${roomSize}`);
  }
  if (options.peers.includes('centrifugo')) {
    if (!centrifugo) faults.push('--driver centrifugo needs CENTRIFUGO, the path of a centrifugo 6 binary');
    else if (isProgram(resolve(folder, centrifugo))) options.centrifugo = resolve(folder, centrifugo);
    else faults.push(`CENTRIFUGO must be the path of a program, not "${centrifugo}"`);
  } else if (given.driver === undefined) {
    options.leftOut = 'Centrifugo was left out: CENTRIFUGO does not name a centrifugo 6 binary.';
  }
  if (options.nodeFlags.some((flag) => !flag.startsWith('-'))) {
    faults.push('--node-flags must be options of Node, each with its value after "="');
  }
  check();
  return from === undefined ? { kind: 'run', options, pages } : { kind: 'show', from, pages };
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function parse(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const tied = args.flatMap((arg, index) => {
    // What follows begins with a dash itself, which parseArgs takes only behind an equals sign.
    if (arg === '--node-flags' && index + 1 < args.length) return `${arg}=${args[index + 1]}`;
    return args[index - 1] === '--node-flags' ? [] : arg;
  });
  return parseOptionsAlone(tied, {
    driver: text,
    work: text,
    nodes: text,
    rounds: text,
    quick: flag,
    'warmup-s': text,
    'measure-s': text,
    rate: text,
    clients: text,
    'fanout-rate': text,
    'sockets-per-node': text,
    connections: text,
    'idle-s': text,
    'return-nodes': text,
    'return-clients': text,
    'return-rate': text,
    'away-s': text,
    'node-flags': text,
    aof: flag,
    profile: text,
    out: text,
    chart: text,
    markdown: text,
    from: text,
    help: { ...flag, short: 'h' },
  });
}
