import { expect, test } from '@jest/globals';
import { markdownTable } from '../src/results/markdown-table.ts';
import { madeUpResults } from './made-up-results.ts';

const figures = (gatewayCpuUsPerDelivery: number, gatewayRssMb: number, lost: number) => ({
  figures: { gatewayCpuUsPerDelivery, gatewayRssMb, lost, duplicated: 0 },
});
const results = madeUpResults([
  { peer: 'floor', nodes: 2, ...figures(50, 60, 0) },
  { peer: 'lanes', nodes: 2, ...figures(60, 100, 0) },
  { peer: 'centrifugo', nodes: 2, ...figures(40, 50, 0) },
  { peer: 'floor', nodes: 8, ...figures(100, 60, 7) },
  { peer: 'lanes', nodes: 8, ...figures(110, 90, 0), faults: ['late'] },
  { peer: 'centrifugo', nodes: 8, ...figures(120, 100, 1) },
]);

test('a page gets ratios, figures and counts, the numbers of nodes side by side, and by how much ours is not the best', () => {
  expect(markdownTable(results)).toBe(
    `| times the floor | lanes | centrifugo | lanes against the best |
| --- | --- | --- | --- |
| rooms: gateway CPU, us/delivery; 2 / 8 nodes | 1.20 / 1.10 | 0.80 / 1.20 | 1.50 × centrifugo / best |

| in figures | floor | lanes | centrifugo | lanes against the best |
| --- | --- | --- | --- | --- |
| rooms: RSS of a gateway, MB; 2 / 8 nodes | 60.0 / 60.0 | 100.0 / 90.0 | 50.0 / 100.0 | 2.00 × centrifugo / best |

| counted | floor | lanes | centrifugo | lanes against the best |
| --- | --- | --- | --- | --- |
| rooms: lost to some members; 2 / 8 nodes | 0 / 7 | 0 / 0 | 0 / 1 | best / best |

None with anybody: duplicated (rooms).

Rounds that were not valid: rooms, lanes, 8 nodes: 1 of 1.

Machine: 2 cores of A & B <fast>; its load average before: 0.00, 0.00, 0.00. Node 20.20.2, Redis 7.0.15. One round.

Centrifugo was left out: CENTRIFUGO does not name a centrifugo 6 binary.
`,
  );
});

test('what has no floor is given in figures, and who is alone is compared with nobody', () => {
  const alone = madeUpResults([{ work: 'gateway', peer: 'lanes', ...figures(150, 100, 0) }]);
  expect(markdownTable(alone)).toContain(
    '| in figures | lanes |\n| --- | --- |\n| gateway: gateway CPU, us/delivery; 2 nodes | 150.0 |',
  );
});
