import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { connectLanesClient, settled, type LanesTestClient } from './lanes-client.ts';
import { sharedRedisGround } from './lanes-ground.ts';
import { startTwoNodes, type LanesTestNode, type LanesTestOptions } from './lanes-node.ts';

const scope = openScope(afterEach);
const ground = sharedRedisGround();

const maxQueuedBytes = 256 * 1024;
const padding = 'x'.repeat(16 * 1024);
// Beyond the budget and what the kernel's buffers hold.
const many = 800;

interface Readable {
  readonly transport: { readonly ws: { readonly _socket: { pause(): void; resume(): void } } };
}

const wireOf = ({ socket }: LanesTestClient) =>
  (socket.io.engine as unknown as Readable).transport.ws['_socket'];

/** A client in two rooms of node one that does not read, and one that does. */
async function start(options: LanesTestOptions = {}) {
  const [one, two] = await startTwoNodes(scope, ground(), { maxQueuedBytes, ...options });
  const client = await connectLanesClient(scope, one);
  const reader = await connectLanesClient(scope, one);
  await client.join(one, ['r', 's']);
  await reader.join(one, ['r', 's']);
  wireOf(client).pause();
  return { one, two, client, reader };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

/** Where two long lists begin to differ. */
function difference(heard: readonly unknown[], expected: readonly unknown[]): unknown {
  const at = expected.findIndex((value, index) => heard[index] !== value);
  if (at < 0)
    return heard.length === expected.length
      ? 'none'
      : { beyond: heard.slice(expected.length, expected.length + 5) };
  return { at, heard: heard.slice(at, at + 5), of: heard.length };
}

/** Says so much that who does not read is behind. */
async function flood(node: LanesTestNode, from: number, to: number, event = 'said'): Promise<void> {
  for (const n of numbers(from, to)) {
    const receipt = node.publish([n % 5 === 0 ? 's' : 'r'], event, n, padding);
    if (n % 50 === 0) await receipt;
  }
}

describe('a client that stops reading', () => {
  test('gets everything in order and once when it reads again, and costs its node no more than its budget', async () => {
    const { one, two, client, reader } = await start();
    await flood(two, 0, many);
    await settled(two, [reader]);
    expect(one.saw('spilled')).toHaveLength(1);
    const { conn } = client.at(one) as unknown as { conn: { writeBuffer: { data?: string }[] } };
    const queued = conn.writeBuffer.reduce((bytes, { data = '' }) => bytes + data.length, 0);
    expect(queued).toBeLessThan(2 * maxQueuedBytes);
    wireOf(client).resume();
    two.io.to('r').emit('said', many);
    await settled(two, [client]);
    expect(difference(client.firsts(), numbers(0, many + 1))).toBe('none');
    expect(difference(reader.firsts(), numbers(0, many + 1))).toBe('none');
    await eventually(() => one.saw('resumed').length === 1);
    expect(client.socket.connected).toBe(true);
  });

  test('hears in one order what is said while it catches up, and what it joins meanwhile', async () => {
    const { one, two, client, reader } = await start();
    await flood(two, 0, many);
    await settled(two, [reader]);
    await two.publish(['later'], 'later', 0);
    await client.join(one, 'later');
    two.io.to('later').emit('later', 1);
    wireOf(client).resume();
    for (const n of numbers(many, many + 200)) {
      two.io.to(n % 2 === 0 ? ['r', 's'] : 's').emit('said', n);
      if (n % 10 === 0) await settled(two, [reader]);
    }
    two.io.to('later').emit('later', 2);
    await settled(two, [client]);
    expect(difference(client.firsts('said'), numbers(0, many + 200))).toBe('none');
    expect(client.firsts('later')).toEqual([1, 2]);
  });

  test('and is cut off recovers from where it was', async () => {
    const { one, two, client, reader } = await start();
    await flood(two, 0, many);
    await settled(two, [reader]);
    // What it has read by then, and no more.
    wireOf(client).resume();
    await eventually(() => client.firsts().length > 50);
    await client.cut(one);
    const heard = client.firsts().length;
    two.io.to('s').emit('said', many);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, difference(client.firsts(), numbers(0, many + 1))]).toEqual([
      true,
      'none',
    ]);
    expect(heard).toBeLessThan(many);
  });

  test('is not led astray by a local event that ends with a string', async () => {
    const { one, two, client, reader } = await start();
    await flood(two, 0, many);
    await settled(two, [reader]);
    one.io.local.emit('local', 'ann');
    client.at(one).volatile.emit('local', 'bob');
    wireOf(client).resume();
    await eventually(() => client.firsts('local').length > 0);
    await client.cut(one);
    await client.comeBack(two);
    await settled(two, [client]);
    expect([client.socket.recovered, difference(client.firsts('said'), numbers(0, many))]).toEqual([
      true,
      'none',
    ]);
  });

  test('is told where what it has not read was trimmed meanwhile', async () => {
    const retention = { maxAgeMs: 60_000, maxEntries: 100 };
    const { one, two, client, reader } = await start({ onGap: 'signal', retention: () => retention });
    await flood(two, 0, many);
    await settled(two, [reader]);
    wireOf(client).resume();
    await settled(two, [client]);
    const heard = client.firsts('said') as number[];
    expect(heard.length).toBeLessThan(many);
    expect(heard).toEqual([...heard].toSorted((a, b) => a - b));
    expect(client.firsts('sluice:gap').length).toBeGreaterThan(0);
    expect(heard.at(-1)).toBe(many - 1);
    expect(one.saw('gap').length).toBeGreaterThan(0);
  });
});

describe('of events with a policy, a client that stops reading', () => {
  test('gets the last of those of which only the latest counts, in its rooms each, and none of those that may be dropped', async () => {
    const { two, client, reader } = await start({ policies: { price: 'latest', typing: 'droppable' } });
    await flood(two, 0, many);
    for (const n of numbers(0, 100)) {
      two.io.to('r').emit('price', n);
      two.io.to('s').emit('price', 1_000 + n);
      two.io.to('s').emit('typing', n);
    }
    await settled(two, [reader]);
    wireOf(client).resume();
    await settled(two, [client]);
    await eventually(() => client.firsts('price').length > 1);
    two.io.to('s').emit('typing', 'again');
    two.io.to('r').emit('price', 'again');
    await settled(two, [client]);
    expect(difference(client.firsts('said'), numbers(0, many))).toBe('none');
    expect(client.firsts('price')).toEqual([99, 1_099, 'again']);
    expect(client.firsts('typing')).toEqual(['again']);
    expect(reader.firsts('price')).toHaveLength(201);
    expect(reader.firsts('typing')).toHaveLength(101);
  });

  test('and is cut off before it has caught up still gets the latest', async () => {
    const { one, two, client, reader } = await start({ policies: { price: 'latest' } });
    two.io.to('r').emit('price', 1);
    await flood(two, 0, many);
    two.io.to('r').emit('price', 2);
    await flood(two, many, 2 * many);
    await settled(two, [reader]);
    wireOf(client).resume();
    await eventually(() => client.firsts('said').length > many + 50);
    await client.cut(one);
    expect(client.firsts('said').length).toBeLessThan(2 * many);
    await client.comeBack(two);
    await settled(two, [client]);
    expect(difference(client.firsts('said'), numbers(0, 2 * many))).toBe('none');
    expect(client.firsts('price').at(-1)).toBe(2);
  });
});
