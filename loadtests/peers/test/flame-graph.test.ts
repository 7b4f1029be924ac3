import { describe, expect, test } from '@jest/globals';
import { renderFlameGraph, type CpuProfile } from '../src/results/flame-graph.ts';

const node = (
  id: number,
  functionName: string,
  url: string,
  children: readonly number[] = [],
): CpuProfile['nodes'][number] => ({
  id,
  callFrame: { functionName, url, lineNumber: 0 },
  children,
});

/** 60 us of ours, of which 20 in a write and 20 in a callee that is called from two lines; 40 us of a library; and idle. */
const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 4]),
    node(2, '(idle)', ''),
    node(3, 'publish<T>', 'file:///sluice/packages/cluster-adapter/dist/a.js', [5, 6, 7]),
    node(4, 'decode', 'file:///sluice/node_modules/socket.io-parser/index.js'),
    node(5, 'writeBuffer', ''),
    node(6, 'encode', 'file:///sluice/packages/cluster-adapter/dist/b.js'),
    node(7, 'encode', 'file:///sluice/packages/cluster-adapter/dist/b.js'),
  ],
  samples: [2, 3, 4, 5, 6, 7],
  timeDeltas: [900, 20, 40, 20, 10, 10],
};

/** Widths of the frames, by the name in their tooltips. */
function widths(svg: string): Record<string, number> {
  const frames = svg.matchAll(/<g><title>(\S+) .*?<\/title><rect [^>]*width="([\d.]+)"/g);
  return Object.fromEntries([...frames].map(([, name, width]) => [String(name), Number(width)]));
}

describe('the flame graph', () => {
  const svg = renderFlameGraph(profile, 'lanes & "2 nodes"');

  test('is as wide as the time took, idle time left out, one frame for a function called twice', () => {
    const { 'publish&lt;T&gt;': publish = 0, decode = 0, writeBuffer, encode } = widths(svg);
    expect(publish / decode).toBeCloseTo(60 / 40, 2);
    expect([writeBuffer, encode].map((width = 0) => width / publish)).toEqual([
      expect.closeTo(1 / 3, 2),
      expect.closeTo(1 / 3, 2),
    ]);
    expect(svg).not.toContain('(idle)');
    expect(svg.match(/>encode</g)).toHaveLength(1);
  });

  test('sums what each owner took itself', () => {
    for (const text of ['Sluice 40.0 %', 'Socket.IO, Engine.IO, ws 40.0 %', 'system calls, C++, GC 20.0 %']) {
      expect(svg).toContain(`>${text}<`);
    }
    expect(svg).not.toContain('node-redis');
  });

  test('is well-formed whatever functions are called', () => {
    expect(svg).toContain('<title>lanes &amp; &quot;2 nodes&quot;</title>');
    expect(svg).not.toContain('publish<T>');
  });

  test('of a process that did nothing is empty', () => {
    const idle = {
      nodes: [node(1, '(root)', '', [2]), node(2, '(idle)', '')],
      samples: [2],
      timeDeltas: [5],
    };
    expect(widths(renderFlameGraph(idle, 'idle'))).toEqual({});
  });
});
