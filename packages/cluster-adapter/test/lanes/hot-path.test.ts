import type { Socket as Stream } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { ServerOptions } from 'socket.io';
import { Decoder, Encoder, type Packet } from 'socket.io-parser';
import { connectLanesClient, settled, type LanesTestClient } from './lanes-client.ts';
import { memoryGround } from './lanes-ground.ts';
import { startLanesNode, type LanesTestNode } from './lanes-node.ts';

const scope = openScope(afterEach);

const recipients = 20;

/** Socket.IO's parser, which tells what it is asked for. */
function countingParser() {
  const encoded: Packet[] = [];
  let decoded = 0;
  class CountingEncoder extends Encoder {
    override encode(packet: Packet): ReturnType<Encoder['encode']> {
      encoded.push(packet);
      return super.encode(packet);
    }
  }
  class CountingDecoder extends Decoder {
    constructor() {
      super();
      decoded += 1;
    }
  }
  return {
    parser: { Encoder: CountingEncoder, Decoder: CountingDecoder },
    encoded: (event: string) => encoded.filter(({ data }) => Array.isArray(data) && data[0] === event).length,
    get decoders() {
      return decoded;
    },
  };
}

interface Connection {
  readonly stream: Stream;
  /** What was handed to the operating system, call by call. */
  readonly writes: Buffer[][];
  /** Packets that have gone Engine.IO's way. */
  readonly queued: unknown[];
}

type Chunks = { readonly chunk: Buffer }[];

/** How a stream hands on what was written to it: one chunk, or all that there are. */
interface Writers {
  readonly _write: (chunk: Buffer, encoding: string, done: () => void) => void;
  readonly _writev: (chunks: Chunks, done: () => void) => void;
}

/** What is written to a client's connection from now on. */
function watch(node: LanesTestNode, client: LanesTestClient): Connection {
  const { conn } = client.at(node);
  const { _socket: stream } = (conn as unknown as { transport: { socket: { _socket: Stream } } }).transport
    .socket;
  const writes: Buffer[][] = [];
  const queued: unknown[] = [];
  const { _write: write, _writev: writev } = stream as unknown as Writers;
  Object.assign(stream, {
    _write(chunk: Buffer, encoding: string, done: () => void) {
      writes.push([chunk]);
      write.call(stream, chunk, encoding, done);
    },
    _writev(chunks: Chunks, done: () => void) {
      writes.push(chunks.map(({ chunk }) => chunk));
      writev.call(stream, chunks, done);
    },
  });
  conn.on('flush', (packets: unknown[]) => queued.push(...packets));
  return { stream, writes, queued };
}

async function start(server: Partial<ServerOptions> = {}) {
  const counted = [countingParser(), countingParser()] as const;
  const ground = memoryGround();
  const nodes = await Promise.all(
    counted.map(({ parser }, index) =>
      startLanesNode(scope, ground, `node-${index}`, { server: { parser, ...server } }),
    ),
  );
  const [one, two] = nodes as [LanesTestNode, LanesTestNode];
  const clients = await Promise.all(Array.from({ length: recipients }, () => connectLanesClient(scope, two)));
  await Promise.all(clients.map((client) => client.join(two, 'r')));
  await settled(one, clients);
  return { one, two, clients, connections: clients.map((client) => watch(two, client)), counted };
}

describe('an event for many sockets', () => {
  test('is encoded once by its publisher and framed once by a node, and no packet is made for a recipient', async () => {
    const { one, clients, connections, counted } = await start();
    const [publisher, server] = counted;
    const decodersBefore = server.decoders;
    one.io.to('r').emit('said', 'héllo', { deep: [1] });
    await eventually(() => clients.every((client) => client.firsts('said').length === 1));
    expect([publisher.encoded('said'), server.encoded('said')]).toEqual([1, 0]);
    expect(server.decoders).toBe(decodersBefore);
    const [first] = connections;
    expect(first?.writes.map((chunks) => chunks.length)).toEqual([1]);
    for (const { writes } of connections) expect(writes[0]?.[0]).toBe(first?.writes[0]?.[0]);
    expect(connections.flatMap(({ queued }) => queued)).toEqual([]);
    expect(clients[0]?.heard.at(-1)?.slice(0, 3)).toEqual(['said', 'héllo', { deep: [1] }]);
  });

  test('that goes the way of Engine.IO is framed once all the same', async () => {
    const { one, two, clients, connections, counted } = await start();
    for (const client of clients) client.at(two).conn.on('packetCreate', () => undefined);
    one.io.to('r').emit('said', 1);
    await eventually(() => clients.every((client) => client.firsts('said').length === 1));
    expect(counted.map(({ encoded }) => encoded('said'))).toEqual([1, 0]);
    const [first] = connections;
    expect(connections.map(({ queued }) => queued.length)).toEqual(connections.map(() => 1));
    for (const { writes } of connections) expect(writes[0]?.[0]).toBe(first?.writes[0]?.[0]);
  });

  test.each([0, 100, 125, 126, 65_530, 65_536, 200_000])('of %d bytes arrives as it was', async (length) => {
    const { one, clients } = await start();
    const text = 'ü'.repeat(length / 2).padEnd(length / 2 + (length % 2), 'x');
    one.io.to('r').emit('said', text);
    await eventually(() => clients.every((client) => client.firsts('said').length === 1));
    expect(clients.every((client) => client.firsts('said')[0] === text)).toBe(true);
  });
});

test('of what comes to a socket in one tick the first goes out at once, and the rest in one write, in order', async () => {
  const { one, two, clients, connections } = await start();
  const [client] = clients as [LanesTestClient];
  const [connection] = connections as [Connection];
  const { id } = client.at(two);
  for (let n = 0; n < 3; n += 1) two.io.local.to(id).emit('said', n);
  client.at(two).conn.write('2["said",3]');
  two.io.local.to(id).emit('said', 4);
  await settled(one, [client]);
  expect(client.firsts('said')).toEqual([0, 1, 2, 3, 4]);
  const [first = [], rest = []] = connection.writes;
  expect([first.length, rest.length]).toEqual([1, expect.any(Number)]);
  // Engine.IO's packet takes two chunks.
  expect(rest.length).toBeGreaterThanOrEqual(4);
  expect(connection.stream.writableCorked).toBe(0);
});

test('a connection with something queued gets nothing past its queue', async () => {
  const { one, two, clients, connections } = await start();
  const [client] = clients as [LanesTestClient];
  const [{ stream, queued }] = connections as [Connection];
  // What is written waits as if the reader had stalled.
  stream.cork();
  two.io.local.to(client.at(two).id).emit('said', 0);
  for (let n = 1; n < 5; n += 1) {
    await new Promise(setImmediate);
    two.io.local.to(client.at(two).id).emit('said', n);
  }
  expect(queued.length).toBeGreaterThan(0);
  stream.uncork();
  await settled(one, [client]);
  expect(client.firsts('said')).toEqual([0, 1, 2, 3, 4]);
});
