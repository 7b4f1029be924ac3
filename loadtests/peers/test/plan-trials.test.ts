import { expect, test } from '@jest/globals';
import { parseOptions } from '../options.mjs';
import { planTrials } from '../src/bench/run-bench.ts';

function plan(...args: string[]) {
  const request = parseOptions(args, '/', '/out.json');
  return request.kind === 'run' ? planTrials(request.options) : [];
}

test('each round begins with another peer, and has every number of nodes', () => {
  const trials = plan(
    '--driver',
    'floor,lanes,streams',
    '--work',
    'rooms',
    '--nodes',
    '2,8',
    '--rounds',
    '3',
  );
  expect(trials).toHaveLength(18);
  expect(trials.filter((_, index) => index % 3 === 0).map(({ peer, nodes }) => [peer, nodes])).toEqual([
    ['floor', 2],
    ['floor', 8],
    ['lanes', 2],
    ['lanes', 8],
    ['streams', 2],
    ['streams', 8],
  ]);
});

test('what does not grow with nodes is measured on the fewest, and whole gateways have no floor', () => {
  const trials = plan(
    '--driver',
    'floor,lanes',
    '--work',
    'fanout,idle,ready,gateway',
    '--nodes',
    '4,2',
    '--rounds',
    '1',
  );
  expect(trials.map(({ work, peer, nodes }) => `${work} ${peer} ${nodes}`)).toEqual([
    'fanout floor 2',
    'fanout lanes 2',
    'idle floor 2',
    'idle lanes 2',
    'ready lanes 1',
    'gateway lanes 4',
    'gateway lanes 2',
  ]);
});

test('Centrifugo takes part in all but whole gateways, and what loses connections has nodes of its own number', () => {
  const args = ['--nodes=2,8', '--return-nodes=3', '--rounds=1', '--driver=centrifugo'];
  const request = parseOptions(args, '/', '/out.json', process.execPath);
  const trials = request.kind === 'run' ? planTrials(request.options) : [];
  expect(trials.map(({ work, nodes }) => `${work} ${nodes}`)).toEqual([
    'rooms 2',
    'rooms 8',
    'fanout 2',
    'flat 2',
    'flat 8',
    'idle 2',
    'storm 3',
    'crash 3',
    'quiet 3',
  ]);
});
