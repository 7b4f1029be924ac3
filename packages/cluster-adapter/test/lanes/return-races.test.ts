import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { ClusterLog, LogListener } from '../../src/log/cluster-log.ts';
import { holdLog, type Gate } from './held-log.ts';
import { connectLanesClient, settled } from './lanes-client.ts';
import { memoryGround } from './lanes-ground.ts';
import { startLanesNode } from './lanes-node.ts';

const scope = openScope(afterEach);

/** Two nodes, of which the second has its log behind what `wrap` makes of it. */
async function startNodes(wrap: (log: ClusterLog) => ClusterLog) {
  const ground = memoryGround((log, nodeId) => (nodeId === 'b' ? wrap(log) : log));
  return [await startLanesNode(scope, ground, 'a'), await startLanesNode(scope, ground, 'b')] as const;
}

/** A log of which nothing is heard while it lags. */
function slowHearing(log: ClusterLog) {
  const waiting: (() => void)[] = [];
  const lag = {
    on: false,
    end() {
      lag.on = false;
      for (const go of waiting.splice(0)) go();
    },
  };
  const hear = (go: () => void): void => (lag.on ? void waiting.push(go) : go());
  const listen = (to: LogListener): void =>
    log.listen({
      onInterrupted: () => to.onInterrupted(),
      onRestored: () => to.onRestored(),
      onEntry: (topic, entry) => hear(() => to.onEntry(topic, entry)),
      onSent: (topic, body) => hear(() => to.onSent(topic, body)),
    });
  return { log: Object.create(log, { listen: { value: listen } }) as ClusterLog, lag };
}

describe('while a client comes back to a node', () => {
  test('who is moved into its room there hears what is said at once', async () => {
    let meanwhile = (): void => undefined;
    const [a, b] = await startNodes((log) => {
      const subscribe = async (topic: string): Promise<void> => {
        await log.subscribe(topic);
        if (topic === '/,r') meanwhile();
      };
      return Object.create(log, { subscribe: { value: subscribe } }) as ClusterLog;
    });
    const returning = await connectLanesClient(scope, a);
    await returning.join(a, 'r');
    const moved = await connectLanesClient(scope, b);
    await a.publish(['r'], 'said', 0);
    await eventually(() => returning.firsts('said').length === 1);
    await returning.cut(a);
    meanwhile = () => {
      meanwhile = () => undefined;
      a.io.in(moved.socket.id as string).socketsJoin('r');
      void a.publish(['r'], 'said', 1);
    };
    await returning.comeBack(b);
    await settled(a, [moved, returning]);
    void a.publish(['r'], 'said', 2);
    await eventually(() => moved.firsts('said').includes(2));
    expect([returning.firsts('said'), moved.firsts('said')]).toEqual([
      [0, 1, 2],
      [1, 2],
    ]);
  });

  test('that has yet to hear what was said between its first attempt and its second, it misses nothing of it', async () => {
    const gates: Gate[] = [];
    let lag = { on: false, end: (): void => undefined };
    const [a, b] = await startNodes((log) => {
      const tails = holdLog(log, 'tails', (topics) => String(topics) === '/,r1');
      const subscribe = holdLog(tails.log, 'subscribe', (topic) => topic === '/,r2');
      gates.push(tails.gate, subscribe.gate);
      const slow = slowHearing(subscribe.log);
      ({ lag } = slow);
      return slow.log;
    });
    const [tails, subscribe] = gates as [Gate, Gate];
    const client = await connectLanesClient(scope, a);
    await client.join(a, ['r1', 'r2']);
    await a.publish(['r1'], 'said', 0);
    await eventually(() => client.firsts('said').length === 1);
    await client.cut(a);
    tails.shut();
    subscribe.shut();
    client.head(b);
    await eventually(() => tails.waiting === 1 && subscribe.waiting === 1);
    client.socket.io.engine.close();
    lag.on = true;
    await a.publish(['r1'], 'said', 1);
    await a.publish(['r2'], 'said', 2);
    subscribe.open();
    // Time for it to be tempted. Where that is too short, it only is not.
    await pause(50);
    client.head(b);
    await pause(200);
    tails.open();
    await pause(200);
    if (client.socket.connected) await client.cut(b);
    lag.end();
    await client.comeBack(a);
    await settled(a, [client]);
    expect([client.socket.recovered, client.firsts('said')]).toEqual([true, [0, 1, 2]]);
  });
});

test('who came back to a node that has heard less, and is served from the log there, is not sent back', async () => {
  let gate: Gate | undefined;
  const [a, b] = await startNodes((log) => {
    const held = holdLog(log, 'tails', (topics) => String(topics) === '/,s');
    ({ gate } = held);
    return held.log;
  });
  const other = await connectLanesClient(scope, b);
  await other.join(b, 's');
  const client = await connectLanesClient(scope, a);
  await client.join(a, 'r');
  for (const n of [1, 2, 3]) await a.publish(['r'], 'said', n);
  await eventually(() => client.firsts('said').length === 3);
  await client.cut(a);
  await client.comeBack(b);
  const brought = client.offset;
  // Of what comes while it is on its way into a room it is not known whether it is for it.
  gate?.shut();
  void client.at(b).join('s');
  await eventually(() => gate?.waiting === 1);
  await a.publish(['s'], 'said', 4);
  await eventually(() => other.firsts('said').length === 1);
  b.io.local.emit('told', 'a string at its end takes an offset along');
  await eventually(() => client.firsts('told').length === 1);
  expect(client.offset).toBe(brought);
  await client.cut(b);
  gate?.open();
  await client.comeBack(a);
  await settled(a, [client]);
  expect(client.firsts('said').slice(0, 4)).toEqual([1, 2, 3, 4]);
});
