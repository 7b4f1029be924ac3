import { describe, expect, test } from '@jest/globals';
import { renderWaterfall, type OtlpSpan, type WaterfallOptions } from '@sluice/testkit';

const title = { title: 'a trace' };
const traceId = 'a'.repeat(32);

interface MadeSpan {
  readonly id: number;
  readonly name: string;
  readonly atMs?: number;
  readonly forMs?: number;
  readonly parent?: number;
  readonly links?: readonly number[];
  readonly instance?: string;
  readonly traceId?: string;
  readonly attributes?: OtlpSpan['attributes'];
  readonly status?: OtlpSpan['status'];
}

function made(span: MadeSpan): OtlpSpan {
  const startNs = 1_700_000_000_000_000_000n + BigInt(Math.round((span.atMs ?? 0) * 1e6));
  return {
    traceId: span.traceId ?? traceId,
    spanId: idOf(span.id),
    parentSpanId: span.parent === undefined ? undefined : idOf(span.parent),
    name: span.name,
    kind: 'INTERNAL',
    startNs,
    endNs: startNs + BigInt(Math.round((span.forMs ?? 1) * 1e6)),
    attributes: span.attributes ?? {},
    events: [],
    links: (span.links ?? []).map((id) => ({ traceId, spanId: idOf(id), attributes: {} })),
    status: span.status ?? { code: 'UNSET', message: '' },
    resource: { 'service.instance.id': span.instance ?? 'gateway-1' },
    scope: { name: 'test', version: '1' },
  };
}

function idOf(id: number): string {
  return String(id).padStart(16, '0');
}

interface ShownRow {
  readonly name: string;
  readonly indent: number;
  readonly place: string;
  readonly duration: string;
  readonly note: string;
  readonly color: string;
  readonly fromX: number;
  readonly toX: number;
}

/** The rows of the picture from top to bottom. */
function rowsOf(svg: string): ShownRow[] {
  return [...svg.matchAll(/<g>.*?<\/g>/g)].map(([row]) => {
    const text = (kind: string): string => new RegExp(`class="${kind}[^>]*>([^<]*)<`).exec(row)?.[1] ?? '';
    const [, color = '', x, width] =
      /class="bar (c\d)[^>]* x="([-\d.]+)"[^>]* width="([\d.]+)"/.exec(row) ?? [];
    return {
      name: text('name'),
      indent: Number(/class="name[^>]* x="(\d+)"/.exec(row)?.[1]),
      place: text('place'),
      duration: text('duration'),
      note: text('note'),
      color,
      fromX: Number(x),
      toX: Number(x) + Number(width),
    };
  });
}

function draw(spans: readonly MadeSpan[], options: WaterfallOptions = title): string {
  const svg = renderWaterfall(spans.map(made), options);
  // Well-formed: nothing but tags and text, and every element is closed.
  const tags = [...svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)].filter(([, , , closed]) => closed === '');
  const open: string[] = [];
  for (const [, end, name = ''] of tags) {
    if (end === '') open.push(name);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
  expect(svg.replaceAll(/<[^<>]*>|&(amp|lt|gt|quot);|\n/g, '')).not.toMatch(/[<>&\p{Cc}]/u);
  return svg;
}

const onlyRow = (svg: string): ShownRow => {
  const [row, ...others] = rowsOf(svg);
  expect(others).toEqual([]);
  if (row === undefined) throw new Error('there is no row');
  return row;
};

describe('rows', () => {
  test('are below what caused them, in the order in which they began, with bars on one scale', () => {
    const rows = rowsOf(
      draw([
        { id: 4, name: 'second child', parent: 1, atMs: 6, forMs: 4 },
        { id: 3, name: 'grandchild', parent: 2, atMs: 2, forMs: 2 },
        { id: 1, name: 'root', atMs: 0, forMs: 10 },
        { id: 2, name: 'first child', parent: 1, atMs: 1, forMs: 4 },
      ]),
    );
    expect(rows.map(({ name, duration }) => [name, duration])).toEqual([
      ['root', '10.0 ms'],
      ['first child', '4.0 ms'],
      ['grandchild', '2.0 ms'],
      ['second child', '4.0 ms'],
    ]);
    const [root, first, grandchild, second] = rows;
    expect(new Set(rows.map(({ indent }) => indent)).size).toBe(3);
    expect(first?.indent).toBe(second?.indent);
    const scale = ((root?.toX ?? 0) - (root?.fromX ?? 0)) / 10;
    for (const [row, from, to] of [
      [first, 1, 5],
      [grandchild, 2, 4],
      [second, 6, 10],
    ] as const) {
      expect(((row?.fromX ?? 0) - (root?.fromX ?? 0)) / scale).toBeCloseTo(from, 1);
      expect(((row?.toX ?? 0) - (root?.fromX ?? 0)) / scale).toBeCloseTo(to, 1);
    }
  });

  test('of two that began at once, the one that ended first comes first', () => {
    const svg = draw([
      { id: 1, name: 'longer', forMs: 2 },
      { id: 2, name: 'shorter', forMs: 1 },
    ]);
    expect(rowsOf(svg).map(({ name }) => name)).toEqual(['shorter', 'longer']);
  });

  test('are shown once each, whatever the parents claim', () => {
    const svg = draw([
      { id: 1, name: 'its own parent', parent: 1 },
      { id: 2, name: 'egg', parent: 3, atMs: 1 },
      { id: 3, name: 'hen', parent: 2, atMs: 2 },
      { id: 4, name: 'orphan', parent: 99, atMs: 3 },
      { id: 5, name: 'child of the orphan', parent: 4, atMs: 4 },
    ]);
    const rows = rowsOf(svg);
    expect(rows.map(({ name }) => name).toSorted()).toEqual(
      ['its own parent', 'egg', 'hen', 'orphan', 'child of the orphan'].toSorted(),
    );
    expect(rows.find(({ name }) => name === 'orphan')?.note).toBe(`parent ${idOf(99)} is not here`);
  });

  test('of several traces stay together', () => {
    const other = 'b'.repeat(32);
    const svg = draw([
      { id: 1, name: 'one' },
      { id: 2, name: 'two', traceId: other, atMs: 1 },
      { id: 3, name: 'more of one', parent: 1, atMs: 2 },
    ]);
    expect(rowsOf(svg).map(({ name }) => name)).toEqual(['one', 'more of one', 'two']);
    expect([...svg.matchAll(/>trace (\w+)</g)].map(([, id]) => id)).toEqual([traceId, other]);
  });

  test('that are none leave an empty picture', () => {
    expect(rowsOf(draw([]))).toEqual([]);
  });
});

describe('what is told of a span', () => {
  const noteOf = (span: Omit<MadeSpan, 'id' | 'name'>): string =>
    onlyRow(draw([{ id: 1, name: 'span', ...span }])).note;

  test('is how many heard of it, how it ended, and what it refers to that is not there', () => {
    expect(noteOf({ attributes: { 'sluice.recipients': 1, 'sluice.outcome': 'ok' } })).toBe('1 recipient');
    expect(
      noteOf({ attributes: { 'sluice.replay.events': 2, 'sluice.recovery.outcome': 'recovered' } }),
    ).toBe('recovered, 2 events');
    expect(noteOf({ attributes: { 'error.type': 'busy', 'sluice.outcome': 'busy' } })).toBe('busy');
    expect(noteOf({ status: { code: 'ERROR', message: 'no room' } })).toBe('no room');
    expect(noteOf({ links: [7, 8] })).toBe('2 links to what is not here');
    expect(noteOf({})).toBe('');
  });

  test('is marked where it failed', () => {
    expect(draw([{ id: 1, name: 'span' }])).not.toContain('<text class="name failed"');
    expect(draw([{ id: 1, name: 'span', attributes: { 'error.type': 'busy' } }])).toContain(
      '<text class="name failed"',
    );
  });

  test('stays inside the picture, before its bar where there is no room behind it', () => {
    const svg = draw([
      { id: 1, name: 'root', forMs: 100 },
      { id: 2, name: 'early', parent: 1, atMs: 0, attributes: { 'sluice.recipients': 3 } },
      { id: 3, name: 'late', parent: 1, atMs: 99, attributes: { 'sluice.recipients': 4 } },
      { id: 4, name: 'long', parent: 1, atMs: 1, forMs: 99, attributes: { 'sluice.recipients': 5 } },
    ]);
    const notes = [...svg.matchAll(/class="note( before)?" x="([\d.]+)"[^>]*>(\d)/g)];
    const placed = notes.map(([, before, x, count]) => [count, before !== undefined, Number(x)] as const);
    const [early, late] = [1, 3].map((index) => rowsOf(svg)[index]);
    expect(placed).toEqual([
      ['3', false, expect.closeTo((early?.toX ?? 0) + 6, 0)],
      ['5', true, 884],
      ['4', true, expect.closeTo((late?.fromX ?? 0) - 6, 0)],
    ]);
  });
});

describe('names', () => {
  test('are text, whatever is in them', () => {
    const name = `<script>"&'\u0000\u001b[31m\uD800`;
    const svg = draw([{ id: 1, name, instance: '<b>' }], { title: '<i>', remarks: ['a & b'] });
    expect(svg).not.toMatch(/<(script|b|i)>/);
    expect(onlyRow(svg)).toMatchObject({
      name: "&lt;script&gt;&quot;&amp;'\uFFFD\uFFFD[31m\uFFFD",
      place: '&lt;b&gt;',
    });
    expect(svg).toContain('>a &amp; b<');
  });

  test('that are too long are cut, and told in full where a pointer rests', () => {
    const name = 'send '.repeat(40);
    const svg = draw([{ id: 1, name, instance: 'gateway '.repeat(10) }]);
    expect(onlyRow(svg)).toMatchObject({
      name: expect.stringMatching(/^(send )+.*…$/),
      place: expect.stringMatching(/^(gateway )+.*…$/),
    });
    expect(svg).toContain(`<title>${name} (INTERNAL`);
  });

  test('have room at any depth', () => {
    const deep = Array.from({ length: 40 }, (_, id) => ({ id: id + 1, name: `level ${id}`, parent: id }));
    const rows = rowsOf(draw(deep));
    expect(rows.map(({ name }) => name)).toEqual(deep.map(({ name }) => name));
  });
});

describe('places', () => {
  const spans = [
    { id: 1, name: 'a', instance: 'gateway-3' },
    { id: 2, name: 'b', instance: 'gateway-1', atMs: 1 },
    { id: 3, name: 'GET', instance: 'gateway-1', atMs: 2, attributes: { 'db.system.name': 'redis' } },
  ];

  test('are the database of a command, or the instance', () => {
    const rows = rowsOf(draw(spans));
    expect(rows.map(({ place, color }) => [place, color])).toEqual([
      ['gateway-3', 'c0'],
      ['gateway-1', 'c1'],
      ['redis', 'c2'],
    ]);
  });

  test('keep their colours and are called what the caller says', () => {
    const places = new Map([
      ['gateway-1', 'first'],
      ['gateway-2', 'second'],
      ['gateway-3', 'constructor'],
    ]);
    const svg = draw(spans, { ...title, places });
    expect(rowsOf(svg).map(({ place, color }) => [place, color])).toEqual([
      ['constructor', 'c2'],
      ['first', 'c0'],
      ['redis', 'c3'],
    ]);
    expect(svg).not.toContain('>second<');
  });

  test('may be more than there are colours', () => {
    const many = Array.from({ length: 30 }, (_, id) => ({ id: id + 1, name: 'a', instance: `node-${id}` }));
    const rows = rowsOf(draw(many));
    expect(new Set(rows.map(({ place }) => place)).size).toBe(30);
    expect(new Set(rows.map(({ color }) => color)).size).toBe(6);
  });
});

describe('time', () => {
  const ticks = (svg: string): string[] =>
    [...svg.matchAll(/class="time"[^>]*>([^<]*)</g)].map(([, text = '']) => text);
  const pauses = (svg: string): string[] =>
    [...svg.matchAll(/class="pause"[^>]*>([^<]*)</g)].map(([, text = '']) => text);

  test('begins with the first span', () => {
    expect(ticks(draw([{ id: 1, name: 'a', atMs: 1_000, forMs: 4 }]))).toEqual(
      expect.arrayContaining(['0 ms', '1 ms', '4 ms']),
    );
  });

  test('is left out, and said to be, where nothing happened for long', () => {
    const svg = draw([
      { id: 1, name: 'a', forMs: 10 },
      { id: 2, name: 'b', atMs: 5_010, forMs: 10 },
      { id: 3, name: 'c', atMs: 5_025, forMs: 5 },
    ]);
    expect(pauses(svg)).toEqual(['5.0 s', 'left out']);
    const [a, b, c] = rowsOf(svg);
    const width = (row: ShownRow | undefined): number => (row?.toX ?? 0) - (row?.fromX ?? 0);
    expect(width(a)).toBeCloseTo(width(b), 0);
    expect(width(a)).toBeGreaterThan(100);
    expect((c?.fromX ?? 0) - (b?.toX ?? 0)).toBeCloseTo(width(c), 0);
  });

  test('keeps bars in the picture however many pauses there are', () => {
    const svg = draw(Array.from({ length: 50 }, (_, id) => ({ id: id + 1, name: 'a', atMs: id * 1_000 })));
    expect(pauses(svg).filter((text) => text === 'left out').length).toBeLessThanOrEqual(4);
    for (const { fromX, toX } of rowsOf(svg)) {
      expect(fromX).toBeGreaterThan(0);
      expect(toX).toBeLessThanOrEqual(884);
    }
  });

  test('may stand still or run backwards', () => {
    for (const forMs of [0, -5]) {
      const { fromX, toX } = onlyRow(draw([{ id: 1, name: 'a', forMs }]));
      expect(toX - fromX).toBeCloseTo(3, 5);
    }
    expect(onlyRow(draw([{ id: 1, name: 'a', forMs: -5 }])).duration).toBe('-5.0 ms');
  });

  test('shows what happened besides, also before the first span', () => {
    const timeNs = made({ id: 1, name: 'a', atMs: -2 }).startNs;
    const svg = draw([{ id: 1, name: 'a', forMs: 10 }], { ...title, moments: [{ timeNs, text: 'killed' }] });
    const [, x] = /<line class="moment" x1="([\d.]+)"/.exec(svg) ?? [];
    expect(Number(x)).toBeLessThan(onlyRow(svg).fromX);
    expect(svg).toContain('>killed<');
    expect(ticks(svg)).toContain('-2 ms');
  });
});

describe('links', () => {
  const lines = (svg: string): number => svg.match(/<path class="link"/g)?.length ?? 0;

  test('are lines to what is there, beside one in the legend', () => {
    const spans: MadeSpan[] = [
      { id: 1, name: 'send' },
      { id: 2, name: 'process', parent: 1, links: [1], atMs: 2 },
      { id: 3, name: 'replay', traceId: 'b'.repeat(32), links: [1, 9], atMs: 3 },
    ];
    const svg = draw(spans);
    expect(lines(svg)).toBe(3);
    expect(svg).toContain('>link<');
    expect(rowsOf(svg).at(-1)?.note).toBe('1 link to what is not here');
    expect(draw([{ id: 1, name: 'send' }])).not.toContain('>link<');
  });

  test('to itself are none', () => {
    expect(lines(draw([{ id: 1, name: 'odd', links: [1] }]))).toBe(1);
  });
});
