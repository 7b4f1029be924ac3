import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../command-line.mjs';
import { parseOptions, usage, type BenchOptions } from '../options.mjs';

const parse = (...args: string[]) => parseOptions(args, '/here', '/default.json');

function options(...args: string[]): BenchOptions {
  const request = parse(...args);
  if (request.kind !== 'run') throw new Error(`a request to ${request.kind}`);
  return request.options;
}

function faultsOf(...args: string[]): string[] {
  try {
    parse(...args);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n');
  }
}

describe('the command line of bench:peers', () => {
  test('asks for what the bar is made of, unless told otherwise', () => {
    expect(options()).toMatchObject({
      quick: false,
      peers: ['floor', 'lanes', 'sharded-pubsub', 'streams'],
      works: ['rooms', 'fanout', 'flat', 'idle', 'storm', 'crash', 'quiet', 'ready', 'gateway'],
      nodes: [2, 4, 8],
      rounds: 5,
      warmupMs: 20_000,
      measureMs: 10_000,
      ratePerS: 800,
      clients: 320,
      socketsPerNode: 400,
      connections: 10_000,
      nodeFlags: [],
      aof: false,
      out: '/default.json',
    });
  });

  test('--quick makes everything small that is not asked for', () => {
    expect(options('--quick', '--clients', '80')).toMatchObject({
      quick: true,
      nodes: [2],
      rounds: 1,
      clients: 80,
      connections: 200,
    });
  });

  test('takes lists in the order of the table, flags of Node apart, and paths from where it was typed', () => {
    const given = options(
      '--driver=streams,floor',
      '--work=idle,rooms',
      '--nodes=8,2',
      '--node-flags',
      '--max-semi-space-size=64 --no-opt',
      '--profile=prof',
      '--out=out.json',
    );
    expect(given).toMatchObject({
      peers: ['floor', 'streams'],
      works: ['rooms', 'idle'],
      nodes: [8, 2],
      nodeFlags: ['--max-semi-space-size=64', '--no-opt'],
      profileFolder: '/here/prof',
      out: '/here/out.json',
    });
  });

  test('shows a file of results without measuring', () => {
    expect(parse('--from', 'a.json', '--chart', 'a.svg', '--markdown', 'a.md')).toEqual({
      kind: 'show',
      from: '/here/a.json',
      pages: { chart: '/here/a.svg', markdown: '/here/a.md' },
    });
  });

  test('names every fault at once', () => {
    expect(
      faultsOf('--driver', 'kafka', '--nodes', '0', '--rounds', '1.5', '--clients', '6', '--node-flags', 'x'),
    ).toEqual([
      '--driver must be of floor, lanes, sharded-pubsub, streams, centrifugo, not "kafka"',
      '--nodes must be a number from 1 to 16, not "0"',
      '--rounds must be a whole number',
      '--clients must be a multiple of 4',
      '--node-flags must be options of Node, each with its value after "="',
    ]);
    expect(faultsOf('--fast')).toEqual(["Unknown option '--fast'"]);
  });

  test('has Centrifugo among the peers where its program is named, and says so where it was left out', () => {
    const leftOut = 'Centrifugo was left out: CENTRIFUGO does not name a centrifugo 6 binary.';
    const given = (program: string | undefined, ...args: string[]) => {
      const request = parseOptions(args, '/here', '/default.json', program);
      return request.kind === 'run' ? request.options : undefined;
    };
    expect(options()).toMatchObject({ centrifugo: undefined, leftOut });
    expect(given('')).toMatchObject({ centrifugo: undefined, leftOut });
    expect(options('--driver', 'lanes')).toMatchObject({ leftOut: undefined });
    expect(given(process.execPath)).toMatchObject({
      peers: ['floor', 'lanes', 'sharded-pubsub', 'streams', 'centrifugo'],
      centrifugo: process.execPath,
      leftOut: undefined,
    });
    expect(given('not-there', '--driver', 'lanes')).toMatchObject({ centrifugo: undefined });
    expect(() => given('not-there')).toThrow('CENTRIFUGO must be the path of a program, not "not-there"');
    expect(faultsOf('--driver', 'centrifugo')).toEqual([
      '--driver centrifugo needs CENTRIFUGO, the path of a centrifugo 6 binary',
    ]);
  });

  test('--help tells of every option', () => {
    expect(parse('--help')).toEqual({ kind: 'help' });
    const names =
      'driver work nodes rounds quick warmup-s measure-s rate clients fanout-rate sockets-per-node connections ' +
      'idle-s return-nodes return-clients return-rate away-s node-flags aof profile out chart markdown from help';
    expect(names.split(' ').filter((name) => !usage.includes(`  --${name} `))).toEqual([]);
  });
});
