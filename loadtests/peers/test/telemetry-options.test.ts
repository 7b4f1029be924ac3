import { expect, test } from '@jest/globals';
import { UsageError } from '../command-line.mjs';
import { parseTelemetryOptions, usage, type TelemetryOptions } from '../telemetry-options.mjs';

const parse = (...args: string[]) => parseTelemetryOptions(args, '/here', '/default.json');

function options(...args: string[]): TelemetryOptions {
  const request = parse(...args);
  if (request.kind !== 'run') throw new Error('a request for help');
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

test('asks for every setting at the load of the bar, unless told otherwise', () => {
  expect(options()).toEqual({
    quick: false,
    settings: ['off-again', 'metrics', '1%', '100%'],
    nodes: 2,
    rounds: 3,
    warmupMs: 60_000,
    measureMs: 60_000,
    ratePerS: 800,
    clients: 160,
    roomSize: 4,
    profileFolder: undefined,
    check: false,
    out: '/default.json',
  });
});

test('--quick makes everything small that is not asked for', () => {
  expect(options('--quick', '--rounds', '2')).toMatchObject({
    quick: true,
    rounds: 2,
    clients: 16,
    nodes: 2,
  });
});

test('takes settings in the order of the table, and paths from where it was typed', () => {
  expect(options('--setting=100%,metrics', '--profile=prof', '--out=out.json')).toMatchObject({
    settings: ['metrics', '100%'],
    profileFolder: '/here/prof',
    out: '/here/out.json',
  });
});

test('names every fault at once', () => {
  expect(faultsOf('--setting', 'metrics,2%', '--nodes', '0', '--clients', '6', '--check')).toEqual([
    '--setting must be of off-again, metrics, 1%, 100%, not "2%"',
    '--nodes must be a number from 1 to 16, not "0"',
    '--clients must be a multiple of 4',
    '--check needs the setting 1%',
  ]);
  expect(faultsOf('--fast')).toEqual(["Unknown option '--fast'"]);
});

test('--help tells of every option', () => {
  expect(parse('--help')).toEqual({ kind: 'help' });
  const names = 'setting nodes rounds quick warmup-s measure-s rate clients profile check out help';
  expect(names.split(' ').filter((name) => !usage.includes(`  --${name} `))).toEqual([]);
});
