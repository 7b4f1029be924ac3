import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { origin, type LogEntry } from '../../src/log/cluster-log.ts';
import { isAfter } from '../../src/position.ts';
import { benches, bodiesOf, readAll, retention } from './log-benches.ts';

const scope = openScope(afterEach);

function expectGrowing(entries: readonly LogEntry[]): void {
  for (const [i, { position }] of entries.entries()) {
    expect(isAfter(position, entries[i - 1]?.position ?? origin)).toBe(true);
  }
}

function expectChain(entries: readonly LogEntry[]): void {
  for (const [i, { previous }] of entries.entries())
    expect(previous).toBe(entries[i - 1]?.position ?? origin);
}

/** Strings compare faster than Buffers do. */
function asText(entries: readonly { readonly body: Buffer }[]): string[] {
  return entries.map(({ body }) => body.toString('latin1'));
}

describe.each(benches)('a log %s', (_, openBench) => {
  test('gives all nodes one order over all topics, and each topic its chain', async () => {
    const bench = await openBench(scope);
    const topics = ['/#a', '/#b', '/chat#a: b{c}%'] as const;
    const nodes = await Promise.all([bench.node(), bench.node(), bench.node()]);
    for (const { log } of nodes) for (const topic of topics) await log.subscribe(topic);
    const receipts = await Promise.all(
      Array.from({ length: 120 }, (__, i) => {
        const body = `${i % 3}:${Math.floor(i / 3)}`;
        return (nodes[i % 3] ?? nodes[0]).log.publish({
          topics: [topics[i % 2 === 0 ? 0 : 1]],
          body,
          retention,
        });
      }),
    );
    await nodes[0].log.publish({ topics: [topics[2]], body: 'last', retention });
    for (const { heard } of nodes) await eventually(() => heard.entries.length === 121);
    const { entries } = nodes[0].heard;
    expectGrowing(entries);
    for (const topic of topics) {
      const ofTopic = entries.filter((entry) => entry.topic === topic);
      expectChain(ofTopic);
      const read = await readAll(nodes[1].log, topic);
      expect(read).toEqual(ofTopic.map(({ position, previous, body }) => ({ position, previous, body })));
    }
    for (const { heard } of nodes) expect(heard.entries).toEqual(entries);
    // Calls of one node keep their order.
    for (const publisher of [0, 1, 2]) {
      const own = bodiesOf(entries).filter((body) => body.startsWith(`${publisher}:`));
      expect(own).toEqual(Array.from({ length: 40 }, (__, i) => `${publisher}:${i}`));
    }
    const positions = new Map(entries.map(({ position, body }) => [body.toString(), position]));
    for (const [i, receipt] of receipts.entries()) {
      const position = positions.get(`${i % 3}:${Math.floor(i / 3)}`);
      expect(receipt).toEqual({ position, duplicate: false });
    }
  });

  test('gives what goes to several topics one position, and each its own predecessor', async () => {
    const bench = await openBench(scope);
    const { log, heard } = await bench.node();
    for (const topic of ['a', 'b', 'c']) await log.subscribe(topic);
    const first = await log.publish({ topics: ['a'], body: '1', retention });
    const second = await log.publish({ topics: ['b'], body: '2', retention });
    const both = await log.publish({ topics: ['a', 'b', 'c', 'a'], body: '3', retention });
    const { position } = both;
    await eventually(() => heard.entries.length === 5);
    const body = Buffer.from('3');
    expect(heard.entries.slice(2)).toEqual([
      { topic: 'a', position, previous: first.position, body },
      { topic: 'b', position, previous: second.position, body },
      { topic: 'c', position, previous: origin, body },
    ]);
    expect(await log.tails(['a', 'b', 'c'])).toEqual([position, position, position]);
  });

  test('logs an idempotency key once, whoever comes with it and however often', async () => {
    const bench = await openBench(scope);
    const one = await bench.node();
    const two = await bench.node();
    await one.log.subscribe('a');
    const idempotency = { key: ['ada', 'k 1'], ttlMs: 60_000 } as const;
    const publication = { topics: ['a'], body: 'x', retention, idempotency } as const;
    const attempts = [one, two, one, two, one].map(({ log }) => log.publish(publication));
    const receipts = await Promise.all(attempts);
    expect(new Set(receipts.map(({ position }) => position)).size).toBe(1);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await two.log.publish({ ...publication, body: 'other' })).toEqual({
      position: receipts[0]?.position,
      duplicate: true,
    });
    const another = await one.log.publish({
      ...publication,
      body: 'y',
      idempotency: { key: ['ada', 'k', '1'], ttlMs: 1 },
    });
    expect(another.duplicate).toBe(false);
    await eventually(() => heardBodies().includes('y'));
    expect(heardBodies()).toEqual(['x', 'y']);
    // Remembered for a millisecond.
    await eventually(async () => {
      const later = await one.log.publish({
        ...publication,
        idempotency: { key: ['ada', 'k', '1'], ttlMs: 1 },
      });
      return !later.duplicate;
    });

    function heardBodies(): string[] {
      return bodiesOf(one.heard.entries);
    }
  });

  test('keeps bodies as they are, byte by byte', async () => {
    const bench = await openBench(scope);
    const { log, heard } = await bench.node();
    const every = Buffer.from(Array.from({ length: 256 }, (__, i) => i));
    const bodies = [
      every,
      Buffer.alloc(0),
      Buffer.from(' - - '),
      'naïve – 🦀 ',
      '',
      Buffer.alloc(100_000, 0xff),
    ];
    await log.subscribe('a');
    for (const body of bodies) {
      await log.publish({ topics: ['a'], body, retention });
      await log.send('a', body);
    }
    await eventually(() => heard.entries.length === bodies.length && heard.sent.length === bodies.length);
    const bytes = asText(bodies.map((body) => ({ body: Buffer.from(body) })));
    expect(asText(heard.entries)).toEqual(bytes);
    expect(asText(heard.sent)).toEqual(bytes);
    expect(asText(await log.read('a', origin, 10))).toEqual(bytes);
    expect(asText(await log.readBefore('a', undefined, 10))).toEqual(bytes.toReversed());
  });

  test('sends past the log to those who follow, and keeps nothing', async () => {
    const bench = await openBench(scope);
    const one = await bench.node();
    const two = await bench.node();
    await one.log.subscribe('a');
    await two.log.subscribe('b');
    await eventually(() => one.log.available);
    await one.log.send('b', 'to two');
    await one.log.send('a', 'to one');
    await eventually(() => one.heard.sent.length > 0 && two.heard.sent.length > 0);
    expect(one.heard.sent).toEqual([{ topic: 'a', body: Buffer.from('to one') }]);
    expect(two.heard.sent).toEqual([{ topic: 'b', body: Buffer.from('to two') }]);
    expect(await one.log.read('a', origin, 10)).toEqual([]);
    expect(await one.log.tails(['a'])).toEqual([origin]);
  });

  test('keeps about as many entries as asked for, the latest', async () => {
    const { log } = await (await openBench(scope)).node();
    const few = { maxAgeMs: 60_000, maxEntries: 200 };
    await Promise.all(
      Array.from({ length: 1_000 }, (__, i) =>
        log.publish({ topics: ['a'], body: String(i), retention: few }),
      ),
    );
    const kept = bodiesOf(await readAll(log, 'a'));
    expect(kept.length).toBeGreaterThanOrEqual(200);
    expect(kept.length).toBeLessThan(310);
    expect(kept.at(-1)).toBe('999');
  });

  test('keeps entries as long as asked, about', async () => {
    const { log } = await (await openBench(scope)).node();
    // Where nothing is published for that long, the chain begins anew.
    const brief = { maxAgeMs: 2_000, maxEntries: 1_000 };
    let old: { readonly position: string } = await log.publish({
      topics: ['a'],
      body: 'old',
      retention: brief,
    });
    let first: LogEntry | undefined;
    await eventually(
      async () => {
        await log.publish({ topics: ['a'], body: 'new', retention: brief });
        [first] = await log.read('a', origin, 1);
        // Held up for longer than the keys live, the chain has begun anew: so does the wait.
        if (first?.previous === origin) old = first;
        return first !== undefined && first.position !== old.position;
      },
      { timeoutMs: 60_000 },
    );
    expect(Number(first?.previous.split('-')[0])).toBeGreaterThanOrEqual(Number(old.position.split('-')[0]));
    // The chain goes on over what is gone.
    expect(first?.previous).not.toBe(origin);
  });

  test('tells where topics and the whole end', async () => {
    const bench = await openBench(scope);
    const { log } = await bench.node();
    expect(await log.tails([])).toEqual([]);
    expect(await log.tails(['a', 'b'])).toEqual([origin, origin]);
    expect(await log.end()).toEqual({ position: origin, lostUntil: origin });
    const a = await log.publish({ topics: ['a'], body: '1', retention });
    const b = await log.publish({ topics: ['b'], body: '2', retention });
    expect(await log.tails(['b', 'none', 'a'])).toEqual([b.position, origin, a.position]);
    expect(await log.end()).toEqual({ position: b.position, lostUntil: origin });
  });

  test('asked where topics end, answers for the moment: what its process publishes next lies behind', async () => {
    const { log } = await (await openBench(scope)).node();
    const first = await log.publish({ topics: ['a'], body: '1', retention });
    const asked = [log.tails(['a']), log.tails(['b', 'a'])];
    const published = log.publish({ topics: ['a', 'b'], body: '2', retention });
    const later = log.tails(['a']);
    expect(await Promise.all(asked)).toEqual([[first.position], [origin, first.position]]);
    expect(await later).toEqual([(await published).position]);
  });

  test('reads forwards and backwards, between positions and up to a limit', async () => {
    const { log } = await (await openBench(scope)).node();
    const positions: string[] = [];
    for (const body of ['0', '1', '2', '3', '4']) {
      positions.push((await log.publish({ topics: ['a'], body, retention })).position);
    }
    const read = async (...args: Parameters<typeof log.read>) => bodiesOf(await log.read(...args));
    const readBefore = async (...args: Parameters<typeof log.readBefore>) =>
      bodiesOf(await log.readBefore(...args));
    expect(await read('a', origin, 2)).toEqual(['0', '1']);
    expect(await read('a', positions[1] ?? '', 2)).toEqual(['2', '3']);
    expect(await read('a', positions[1] ?? '', 10, positions[3])).toEqual(['2', '3']);
    expect(await read('a', positions[3] ?? '', 10, positions[1])).toEqual([]);
    expect(await read('a', positions[4] ?? '', 10)).toEqual([]);
    expect(await read('none', origin, 10)).toEqual([]);
    expect(await readBefore('a', undefined, 2)).toEqual(['4', '3']);
    expect(await readBefore('a', positions[3], 2)).toEqual(['2', '1']);
    expect(await readBefore('a', positions[0], 2)).toEqual([]);
    expect(await readBefore('a', origin, 2)).toEqual([]);
  });

  test('is heard from subscription to its end, over and over', async () => {
    const bench = await openBench(scope);
    const { log, heard } = await bench.node();
    const other = await bench.node();
    for (let round = 0; round < 10; round += 1) {
      await log.subscribe('a');
      await other.log.publish({ topics: ['a'], body: `heard ${round}`, retention });
      await eventually(() => bodiesOf(heard.entries).includes(`heard ${round}`));
      log.unsubscribe('a');
      if (round % 2 === 0) await other.log.publish({ topics: ['a'], body: 'between', retention });
    }
    await log.subscribe('b');
    const count = heard.entries.length;
    await other.log.publish({ topics: ['a'], body: 'not for us', retention });
    await other.log.publish({ topics: ['b'], body: 'the end', retention });
    await eventually(() => heard.entries.length > count);
    expect(bodiesOf(heard.entries.slice(count))).toEqual(['the end']);
    expectGrowing(heard.entries);
  });

  test('tells who listens when it may be missing something, and from when on it is not', async () => {
    const bench = await openBench(scope);
    const publisher = await bench.node();
    const { log, heard, interrupt, restore } = await bench.deafNode();
    await log.subscribe('a');
    const first = await publisher.log.publish({ topics: ['a'], body: 'first', retention });
    await eventually(() => heard.entries.length === 1);
    expect(log.hearing).toBe(true);
    interrupt();
    await eventually(() => heard.turns.length === 1);
    expect(log.hearing).toBe(false);
    const missed = await publisher.log.publish({ topics: ['a'], body: 'missed', retention });
    let subscribed = false;
    const subscription = log.subscribe('b').then(() => (subscribed = true));
    await publisher.log.publish({ topics: ['b'], body: 'too early', retention });
    expect(subscribed).toBe(false);
    await restore();
    await subscription;
    await eventually(() => heard.turns.length === 2);
    expect(heard.turns).toEqual(['interrupted', 'restored']);
    expect(log.hearing).toBe(true);
    await publisher.log.publish({ topics: ['a', 'b'], body: 'third', retention });
    await eventually(() => heard.entries.length === 3);
    expect(bodiesOf(heard.entries)).toEqual(['first', 'third', 'third']);
    expect(heard.entries[1]?.previous).toBe(missed.position);
    expect(bodiesOf(await log.read('a', first.position, 10))).toEqual(['missed', 'third']);
  });

  test('hears over another connection when told to', async () => {
    const bench = await openBench(scope);
    const { log, heard } = await bench.node();
    await log.subscribe('a');
    log.reconnect();
    await eventually(() => heard.turns.length === 2);
    expect(heard.turns).toEqual(['interrupted', 'restored']);
    await log.publish({ topics: ['a'], body: 'x', retention });
    await eventually(() => heard.entries.length === 1);
  });

  test('knows its members while their leases last', async () => {
    const bench = await openBench(scope);
    const one = await bench.node();
    const two = await bench.node();
    expect(await one.log.members()).toEqual([]);
    expect(await one.log.beat('one', 60_000)).toEqual(['one']);
    expect((await two.log.beat('two', 60_000)).toSorted()).toEqual(['one', 'two']);
    await two.log.beat('three', 1);
    await eventually(async () => (await one.log.members()).length === 2);
    expect((await one.log.beat('one', 60_000)).toSorted()).toEqual(['one', 'two']);
    await two.log.resign('two');
    await two.log.resign('unknown');
    expect(await one.log.members()).toEqual(['one']);
  });

  test('takes nothing after its stop', async () => {
    const { log } = await (await openBench(scope)).node();
    const last = log.publish({ topics: ['a'], body: '1', retention });
    await log.stop(30_000);
    expect(await last).toMatchObject({ duplicate: false });
    await log.stop(30_000);
    await expect(log.publish({ topics: ['a'], body: '2', retention })).rejects.toMatchObject({
      code: 'redis_closed',
    });
  });
});
