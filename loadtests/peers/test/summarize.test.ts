import { expect, test } from '@jest/globals';
import { resultTable } from '../src/results/result-table.ts';
import { summarize } from '../src/results/summarize.ts';
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
