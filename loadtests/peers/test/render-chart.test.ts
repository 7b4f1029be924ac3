import { describe, expect, test } from '@jest/globals';
import { renderChart } from '../src/results/render-chart.ts';
import { madeUpResults } from './made-up-results.ts';

const results = madeUpResults([
  { peer: 'lanes', nodes: 8, figures: { gatewayCpuUsPerDelivery: 155 } },
  { peer: 'floor', nodes: 8, figures: { gatewayCpuUsPerDelivery: 141 } },
  { peer: 'floor', nodes: 2, figures: { gatewayCpuUsPerDelivery: 61 } },
  { peer: 'lanes', nodes: 2, figures: { gatewayCpuUsPerDelivery: 67.1 } },
  { work: 'idle', peer: 'floor', figures: { rssKbPerConnection: 5.6 } },
]);

/** Of WCAG 2: 1 (the same) to 21. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('the chart', () => {
  const svg = renderChart(results);

  test('is the same for the same results, and shows medians and ratios', () => {
    expect(renderChart(results)).toBe(svg);
    for (const text of ['>61<', '>67<', '>141<', '>155<', '>×1.10<', '>2 nodes<', '>8 nodes<', '>5.6<']) {
      expect(svg).toContain(text);
    }
  });

  test('draws bars in proportion, fewest nodes first', () => {
    const bars = [
      ...svg.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"/g),
    ]
      .map(([, peer, x, height]) => ({ peer, x: Number(x), height: Number(height) }))
      .filter(({ height }) => height !== 12);
    const [floor2, lanes2, floor8, lanes8] = bars;
    expect([floor2?.peer, lanes2?.peer, floor8?.peer, lanes8?.peer]).toEqual([
      'floor',
      'lanes',
      'floor',
      'lanes',
    ]);
    expect(bars.map(({ x }) => x).slice(0, 4)).toEqual(
      bars
        .map(({ x }) => x)
        .slice(0, 4)
        .toSorted((a, b) => a - b),
    );
    expect((floor2?.height ?? 0) / (lanes8?.height ?? 1)).toBeCloseTo(61 / 155, 2);
  });

  test('shows what a storm, a crash and a quiet room cost each peer, and draws nothing below zero', () => {
    const picture = renderChart(
      madeUpResults([
        { work: 'storm', peer: 'floor', figures: { gatewayCpuMsPerReturn: -0.2 } },
        { work: 'storm', peer: 'lanes', figures: { gatewayCpuMsPerReturn: 2.25 } },
        { work: 'crash', peer: 'streams', figures: { lost: 431 } },
        { work: 'quiet', peer: 'centrifugo', figures: { busyCpuMsPerS: 1.5 } },
      ]),
    );
    for (const text of [
      '>2.25<',
      '>431<',
      '>1.5<',
      '>Centrifugo<',
      'Gateway CPU per return in a storm, ms',
    ]) {
      expect(picture).toContain(text);
    }
    expect(picture).not.toContain('height="-');
  });

  test('leaves out what was not measured', () => {
    expect(svg).toContain('Memory per idle connection');
    expect(svg).not.toContain('Redis CPU');
    expect(svg).not.toContain('>streams<');
  });

  test('escapes what comes from the machine', () => {
    expect(svg).toContain('A &amp; B &lt;fast&gt;');
    expect(svg).not.toContain('<fast>');
  });

  test('is legible on white and in GitHub’s dark', () => {
    const [, text = ''] = /text \{[^}]*fill: (#\w{6})/.exec(svg) ?? [];
    const bars = [...svg.matchAll(/^\.[\w-]+ \{ fill: (#\w{6}); \}/gm)].map(([, color]) => color as string);
    expect(bars).toHaveLength(5);
    for (const page of ['#ffffff', '#0d1117']) {
      expect(contrast(text, page)).toBeGreaterThan(4.2);
      for (const bar of bars) expect(contrast(bar, page)).toBeGreaterThan(3);
    }
  });
});
