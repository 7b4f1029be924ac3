import { describe, expect, test } from '@jest/globals';
import { againstBest, hasPeers } from '../src/results/against-best.ts';
import { resultTable } from '../src/results/result-table.ts';
import { summarize } from '../src/results/summarize.ts';
import type { PeerName } from '../options.mjs';
import { works, type Figure } from '../src/results/figures.ts';
import type { BenchResults } from '../src/results/results.ts';
import { madeUpResults, madeUpTrials } from './made-up-results.ts';

const cpu = (gatewayCpuUsPerDelivery: number) => ({ figures: { gatewayCpuUsPerDelivery } });

test('rounds come down to medians, with how many times the floor’s they are', () => {
  const rows = summarize(
    madeUpTrials([
      { peer: 'floor', ...cpu(50) },
      { peer: 'lanes', ...cpu(66) },
      { peer: 'lanes', ...cpu(54) },
      { peer: 'floor', ...cpu(52) },
      { peer: 'floor', ...cpu(48) },
      { peer: 'lanes', ...cpu(60) },
    ]),
  );
  expect(rows.map(({ peer, rounds, figures, ratios }) => ({ peer, rounds, figures, ratios }))).toEqual([
    {
      peer: 'floor',
      rounds: 3,
      figures: { gatewayCpuUsPerDelivery: { median: 50, lowest: 48, highest: 52 } },
      ratios: { gatewayCpuUsPerDelivery: 1 },
    },
    {
      peer: 'lanes',
      rounds: 3,
      figures: { gatewayCpuUsPerDelivery: { median: 60, lowest: 54, highest: 66 } },
      ratios: { gatewayCpuUsPerDelivery: 1.2 },
    },
  ]);
});

test('a round that is not valid is left out, and said', () => {
  const results = madeUpResults([
    { peer: 'lanes', ...cpu(60) },
    { peer: 'lanes', ...cpu(6_000), faults: ['the generator was late'] },
  ]);
  expect(results.summary).toMatchObject([
    { rounds: 2, faultyRounds: 1, figures: { gatewayCpuUsPerDelivery: { median: 60, highest: 60 } } },
  ]);
  expect(resultTable(results)).toContain('lanes, 2 nodes: 1 of 2 rounds not valid; left out');
});

test('flat is compared with itself on the fewest nodes', () => {
  const rows = summarize(
    madeUpTrials([
      { work: 'flat', peer: 'streams', nodes: 8, ...cpu(300) },
      { work: 'flat', peer: 'streams', nodes: 2, ...cpu(100) },
      { work: 'flat', peer: 'floor', nodes: 8, ...cpu(50) },
    ]),
  );
  expect(rows.map(({ peer, nodes, ratios }) => [peer, nodes, ratios['gatewayCpuUsPerDelivery']])).toEqual([
    ['streams', 8, 3],
    ['streams', 2, 1],
    ['floor', 8, 1],
  ]);
});

test('the table gives ratios first, then the figures, a column per peer', () => {
  const figures = (gatewayCpuUsPerDelivery: number, lost: number) => ({
    figures: { gatewayCpuUsPerDelivery, lost },
  });
  const table = resultTable(
    madeUpResults([
      { peer: 'floor', nodes: 2, ...figures(61, 0) },
      { peer: 'floor', nodes: 8, ...figures(141, 0) },
      { peer: 'lanes', nodes: 2, ...figures(67.1, 3) },
    ]),
  );
  const line = (text: string): string[] => text.trim().split(/\s{2,}/);
  const lines = table.split('\n').map(line);
  expect(lines).toContainEqual(['times the floor', 'nodes', 'floor', 'lanes']);
  expect(lines).toContainEqual(['gateway CPU, us/delivery', '2', '1.00', '1.10']);
  expect(lines).toContainEqual(['8', '1.00', '-']);
  expect(lines).toContainEqual(['gateway CPU, us/delivery', '2', '61.0', '67.1']);
  expect(lines).toContainEqual(['8', '141.0', '-']);
  expect(lines).toContainEqual(['lost to some members', '2', '0', '3']);
  expect(table.indexOf('1.10')).toBeLessThan(table.indexOf('67.1'));
});

describe('where ours is not the best', () => {
  const rows = (...values: [peer: PeerName, cpu: number, lost: number][]) =>
    madeUpResults(
      values.map(([peer, gatewayCpuUsPerDelivery, lost]) => ({
        peer,
        figures: { gatewayCpuUsPerDelivery, lost },
      })),
    );
  const figureOf = (name: string) => works.rooms.figures.find((figure) => figure.name === name) as Figure;
  const against = (results: BenchResults, name: string) => againstBest(results.summary, figureOf(name));

  test('a row says by how much, and the floor is no peer', () => {
    const results = rows(['floor', 10, 0], ['lanes', 56, 0], ['streams', 80, 2], ['centrifugo', 50, 0]);
    expect(against(results, 'gatewayCpuUsPerDelivery')).toBe('1.12 × centrifugo');
    expect(against(results, 'lost')).toBe('best');
    const lines = resultTable(results)
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(lines).toContainEqual([
      'nodes',
      'floor',
      'lanes',
      'streams',
      'centrifugo',
      'lanes against the best',
    ]);
    expect(lines).toContainEqual([
      'gateway CPU, us/delivery',
      '2',
      '10.0',
      '56.0',
      '80.0',
      '50.0',
      '1.12 × centrifugo',
    ]);
  });

  test('what is counted, or cannot be multiplied, is told by the difference', () => {
    const results = rows(['lanes', 3, 4], ['sharded-pubsub', -1, 1], ['streams', 2, 0]);
    expect(against(results, 'lost')).toBe('4 more than streams');
    expect(against(results, 'gatewayCpuUsPerDelivery')).toBe('4.0 more than sharded-pubsub');
    expect(against(rows(['lanes', 3, 4], ['streams', 3, 4]), 'lost')).toBe('best');
  });

  test('alone, or beside the floor, it is compared with nobody', () => {
    expect(hasPeers(rows(['floor', 1, 0], ['lanes', 1, 0]).summary)).toBe(false);
    expect(hasPeers(rows(['streams', 1, 0], ['centrifugo', 1, 0]).summary)).toBe(false);
    expect(hasPeers(rows(['lanes', 1, 0], ['streams', 1, 0]).summary)).toBe(true);
  });
});

test('nothing is a multiple of what is lost in the noise', () => {
  const results = madeUpResults([
    { work: 'storm', peer: 'floor', figures: { gatewayCpuMsPerReturn: -0.1 } },
    { work: 'storm', peer: 'lanes', figures: { gatewayCpuMsPerReturn: 2 } },
  ]);
  expect(results.summary.map(({ ratios }) => ratios)).toEqual([{}, {}]);
});
