import type { PeerName, WorkName } from '../../options.mjs';
import { chartPanel, type BarGroup, type Panel } from './chart-panel.ts';
import type { BenchResults, SummaryRow } from './results.ts';
import { element, escaped, textElement } from './svg.ts';

interface PanelSource {
  readonly work: WorkName;
  readonly figure: string;
  readonly title: (options: BenchResults['options']) => string;
  readonly digits: number;
}

const sources: readonly PanelSource[] = [
  {
    work: 'rooms',
    figure: 'gatewayCpuUsPerDelivery',
    title: ({ roomSize }) => `Gateway CPU per delivery, rooms of ${roomSize}, µs`,
    digits: 0,
  },
  {
    work: 'rooms',
    figure: 'redisCpuUsPerPublish',
    title: ({ roomSize }) => `Redis CPU per publish, rooms of ${roomSize}, µs`,
    digits: 0,
  },
  {
    work: 'fanout',
    figure: 'gatewayCpuUsPerDelivery',
    title: ({ socketsPerNode }) => `Gateway CPU per delivery, ${socketsPerNode} sockets per node, µs`,
    digits: 1,
  },
  {
    work: 'idle',
    figure: 'rssKbPerConnection',
    title: ({ connections }) => `Memory per idle connection, ${connections.toLocaleString('en')} of them, KB`,
    digits: 1,
  },
  {
    work: 'storm',
    figure: 'gatewayCpuMsPerReturn',
    title: () => 'Gateway CPU per return in a storm, ms',
    digits: 2,
  },
  {
    work: 'storm',
    figure: 'backP99Ms',
    title: () => 'Back from a storm, p99, without the client’s pause, ms',
    digits: 0,
  },
  {
    work: 'crash',
    figure: 'lost',
    title: () => 'Deliveries lost as a node is killed',
    digits: 0,
  },
  {
    work: 'quiet',
    figure: 'busyCpuMsPerS',
    title: ({ ratePerS }) => `CPU of a quiet node, ${ratePerS} messages/s elsewhere, ms/s`,
    digits: 1,
  },
];

const names: Readonly<Record<PeerName, string>> = {
  floor: 'floor: bare ws and SPUBLISH',
  lanes: 'Sluice (lanes)',
  'sharded-pubsub': 'sharded-pubsub',
  streams: 'streams',
  centrifugo: 'Centrifugo',
};

const margin = 20;
// Wide enough for five bars on each of three numbers of nodes.
const panelWidth = 500;
const panelHeight = 230;
const columns = 2;
const gap = 40;
const legendHeight = 44;
const footerHeight = 34;

/**
 * The results as a picture, for a page in light or dark: nothing is painted behind it, and its colours are legible on both.
 * Panels of what was not measured are left out.
 */
export function renderChart(results: BenchResults): string {
  const panels = sources.flatMap((source) => panelOf(source, results));
  const rows = Math.ceil(panels.length / columns);
  const width = 2 * margin + columns * panelWidth + (columns - 1) * gap;
  const height = legendHeight + rows * (panelHeight + margin) + footerHeight;
  const drawn = panels.map((panel, index) =>
    chartPanel(panel, {
      x: margin + (index % columns) * (panelWidth + gap),
      y: legendHeight + Math.floor(index / columns) * (panelHeight + margin),
      width: panelWidth,
      height: panelHeight,
    }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(summaryText(panels))}</title>`,
    style,
    legend(results.summary),
    ...drawn,
    textElement(origin(results), { class: 'origin', x: margin, y: height - 14 }),
    '</svg>\n',
  ].join('\n');
}

function panelOf({ work, figure, title, digits }: PanelSource, results: BenchResults): Panel[] {
  const rows = results.summary.filter((row) => row.work === work && row.figures[figure] !== undefined);
  const counts = [...new Set(rows.map(({ nodes }) => nodes))].toSorted((a, b) => a - b);
  const groups = counts.map((count): BarGroup => ({
    label: `${count} nodes`,
    bars: inOrder(rows.filter(({ nodes }) => nodes === count)).map((row) => ({
      peer: row.peer,
      value: row.figures[figure]?.median ?? 0,
      ratio: row.peer === 'floor' ? undefined : row.ratios[figure],
    })),
  }));
  return groups.length === 0 ? [] : [{ title: title(results.options), digits, groups }];
}

/** As the legend has them, whichever came first in a round. */
function inOrder(rows: readonly SummaryRow[]): SummaryRow[] {
  const order = Object.keys(names);
  return rows.toSorted((a, b) => order.indexOf(a.peer) - order.indexOf(b.peer));
}

function legend(summary: readonly SummaryRow[]): string {
  const measured = new Set(summary.map(({ peer }) => peer));
  const entryWidth = 205;
  return (Object.keys(names) as PeerName[])
    .filter((peer) => measured.has(peer))
    .flatMap((peer, index) => [
      element('rect', { class: peer, x: margin + index * entryWidth, y: 14, width: 12, height: 12, rx: 2 }),
      textElement(names[peer], { class: 'entry', x: margin + index * entryWidth + 18, y: 24 }),
    ])
    .join('\n');
}

/** What a picture cannot tell those who do not see it. */
function summaryText(panels: readonly Panel[]): string {
  return panels
    .map(({ title, digits, groups }) => {
      const texts = groups.map(({ label, bars }) => {
        const values = bars.map(({ peer, value }) => `${peer} ${value.toFixed(digits)}`);
        return `${label}: ${values.join(', ')}`;
      });
      return `${title}. ${texts.join('; ')}.`;
    })
    .join(' ');
}

function origin({ machine, versions, summary, isMeasurement }: BenchResults): string {
  const rounds = Math.max(...summary.map((row) => row.rounds));
  const counted = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  return [
    isMeasurement ? counted : 'NO MEASUREMENT',
    `${machine.cpus} cores of ${machine.model}`,
    `Node ${versions.node.slice(1)}`,
    `Redis ${versions.redis}`,
    ...(versions.centrifugo === undefined ? [] : [`Centrifugo ${versions.centrifugo}`]),
    '× times the floor',
  ].join(' · ');
}

// One set of colours for both themes: a page in the dark on a machine in the light gets the wrong one of two. Text stands out
// by 4.2 to 1 and bars by 3 to 1, from white as from GitHub's dark.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #737a83; }
.title { font-size: 13px; font-weight: 600; }
.value, .ratio, .label { text-anchor: middle; }
.value { font-weight: 700; }
.ratio { font-size: 10px; }
.origin { font-size: 11px; }
.axis { stroke: #737a83; stroke-width: 1; }
.floor { fill: #848d97; }
.lanes { fill: #2f81f7; }
.sharded-pubsub { fill: #c4691f; }
.streams { fill: #9a5fe0; }
.centrifugo { fill: #2c974b; }
</style>`;
