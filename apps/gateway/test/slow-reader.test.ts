import { afterEach, expect, test } from '@jest/globals';
import {
  connectMembers,
  eventually,
  messagesHeard,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  type Client,
} from '@sluice/testkit';

const scope = openScope(afterEach);

/** Lets what the gateway sends pile up: the client's own TCP connection is no longer read. */
function stopReading(client: Client): void {
  const { transport } = client.socket.io.engine as unknown as {
    transport: { ws: Record<string, { pause(): void }> };
  };
  transport.ws['_socket']?.pause();
}

test('a connection that asks and never reads is cut, and others notice nothing', async () => {
  const cluster = await startCluster(scope, {
    nodes: 1,
    env: {
      MAX_QUEUED_BYTES: '1000000',
      RATE_LIMIT_PER_SECOND: '5000',
      RATE_LIMIT_BURST: '5000',
      // All of it is asked for at once.
      REQUEST_DEADLINE_MS: '60000',
    },
  });
  const gateway = cluster.gateway(0);
  const room = uniqueName('room');
  const [greedy, one, two] = await connectMembers(scope, [gateway, gateway, gateway], room);
  const text = 'x'.repeat(4_000);
  for (let line = 0; line < 100; line++) await one.say(room, text);
  await eventually(() => greedy.texts(room).length === 100);
  stopReading(greedy);
  const cut = async (): Promise<number> =>
    metricTotal(await gateway.metrics(), 'sluice_slow_consumers_total', {});
  // 48 MB in all: the kernel's own buffers take up to 4 + 32 of them (tcp_wmem, tcp_rmem).
  for (let page = 0; page < 120; page++) {
    greedy.emitRaw('history:read', { room, limit: 100 }, () => undefined);
  }
  await eventually(async () => (await cut()) >= 1, { timeoutMs: 60_000, describe: () => 'it is cut' });
  await one.say(room, 'after');
  await two.untilText(room, 'after');
  const [heard] = await messagesHeard(room, one, [two]);
  expect(heard).toHaveLength(101);
  expect(await cut()).toBe(1);
  expect(((await gateway.inspect('/node')) as { connections: number }).connections).toBe(2);
});
