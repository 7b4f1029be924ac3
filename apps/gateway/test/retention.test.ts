import { afterAll, expect, test } from '@jest/globals';
import {
  connectMembers,
  eventually,
  openScope,
  startCluster,
  wholeHistory,
  type Cluster,
} from '@sluice/testkit';

const scope = openScope(afterAll);
const env = { RATE_LIMIT_PER_SECOND: '50000', RATE_LIMIT_BURST: '50000' };

async function speakInto(cluster: Cluster, room: string, count: number) {
  const [member] = await connectMembers(scope, cluster.gateways.slice(0, 1), room);
  if (member === undefined) throw new Error('the cluster has no gateway');
  const lines = Array.from({ length: count }, (_, index) => `line ${index}`);
  await Promise.all(lines.map((line) => member.say(room, line)));
  return member;
}

test('a room keeps about as many messages as configured, the newest', async () => {
  const cluster = await startCluster(scope, { nodes: 1, env: { ...env, HISTORY_MAX_MESSAGES: '100' } });
  const member = await speakInto(cluster, 'busy', 500);
  const kept = (await wholeHistory(member, 'busy')).map((message) => message.text);
  expect(kept.length).toBeGreaterThanOrEqual(100);
  // Redis trims whole blocks of 100.
  expect(kept.length).toBeLessThan(300);
  expect(kept.at(-1)).toBe('line 499');
});

test('messages go when they are too old', async () => {
  const cluster = await startCluster(scope, { nodes: 1, env: { ...env, HISTORY_MAX_AGE_MS: '12000' } });
  const member = await speakInto(cluster, 'quiet', 3);
  expect(await wholeHistory(member, 'quiet')).toHaveLength(3);
  await eventually(async () => (await wholeHistory(member, 'quiet')).length === 0, { timeoutMs: 60_000 });
});
