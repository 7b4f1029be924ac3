import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  eventually,
  openScope,
  startFaultProxy,
  startRedis,
  within,
  type RedisServer,
} from '@sluice/testkit';
import {
  createRedisCore,
  type ConnectionInfo,
  type RedisCore,
  type RedisStatus,
  type Subscriber,
} from '../src/index.ts';

const scope = openScope(afterEach);

async function start(conf: Readonly<Record<string, string>> = {}): Promise<{
  redis: RedisServer;
  core: RedisCore;
  subscriber: Subscriber;
  /** The `channel` of each `listenerFailed`. */
  failed: string[];
}> {
  const redis = await startRedis(scope, { conf });
  const failed: string[] = [];
  const onStatus = (status: RedisStatus): void => {
    if (status.kind === 'listenerFailed') failed.push(status.channel);
  };
  const core = createRedisCore({ url: redis.url, nodeId: 'node-1', onStatus });
  scope.onClose(() => core.stop(1_000));
  const subscriber = core.subscriber();
  await core.start(new AbortController().signal);
  await ready(core);
  return { redis, core, subscriber, failed };
}

const ready = (core: RedisCore): Promise<boolean> => eventually(() => core.health().ready);

const ignore = (): void => undefined;

const publish = (core: RedisCore, channel: string, payload: string): Promise<unknown> =>
  core.commands.send(['SPUBLISH', channel, payload], { idempotent: true });

async function subscribedChannels(core: RedisCore): Promise<string[]> {
  return (await core.commands.send(['PUBSUB', 'SHARDCHANNELS'])) as string[];
}

/** How often Redis has been given `command`. */
async function callsOf(core: RedisCore, command: string): Promise<number> {
  const stats = await core.commands.send(['INFO', 'commandstats']);
  const calls = new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats as string)?.[1];
  return Number(calls ?? 0);
}

/** Ends the subscriber's connection from the server's side. */
async function killSubscriber(redis: RedisServer, core: RedisCore): Promise<void> {
  const before = core.subscriber().generation;
  const connection = (await redis.clients()).find(({ name }) => name === 'sluice:node-1:subscriber');
  await redis.command('CLIENT', 'KILL', 'ID', String(connection?.['id']));
  await eventually(() => core.subscriber().generation > before);
}

describe('subscriptions', () => {
  test('are heard from the moment they resolve, and again after Redis restarts', async () => {
    const { redis, core, subscriber } = await start();
    const heard: string[] = [];
    const listener = (payload: Buffer, channel: string): number =>
      heard.push(`${channel} ${payload.toString()}`);
    await subscriber.subscribe('sharded', 'ä', listener);
    await subscriber.subscribe('plain', 'b', listener);
    await publish(core, 'ä', '1');
    await core.commands.send(['PUBLISH', 'b', '2']);
    await eventually(() => heard.length === 2);
    await redis.kill();
    await redis.restart();
    await subscriber.active('ä');
    await subscriber.active('b');
    await ready(core);
    await publish(core, 'ä', '3');
    await core.commands.send(['PUBLISH', 'b', '4'], { idempotent: true });
    await eventually(() => heard.length === 4);
    expect(heard.toSorted()).toEqual(['b 2', 'b 4', 'ä 1', 'ä 3']);
  });

  test('survive being given up and taken again, whatever of it is under way', async () => {
    const { core, subscriber } = await start();
    let heard = 0;
    let confirmed = 0;
    for (let round = 1; round <= 60; round += 1) {
      const listener = (): void => {
        heard += 1;
      };
      await subscriber.subscribe('sharded', 'a', listener, () => {
        confirmed += 1;
      });
      expect(confirmed).toBe(round);
      expect(await publish(core, 'a', 'x')).toBe(1);
      // What has not arrived when the channel is given up is not heard.
      await eventually(() => heard === round);
      subscriber.unsubscribe('a');
      // Taken again before Redis has been told, while it is being told, and while it answers.
      for (let turns = round % 4; turns > 0; turns -= 1) await nextTurn();
    }
    await eventually(async () => (await subscribedChannels(core)).length === 0);
    await eventually(() => subscriber.channels === 0);
  });

  test('end as the last wish has it, however often it changes in between', async () => {
    const { core, subscriber } = await start();
    const names = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    for (let round = 0; round < 200; round += 1) {
      for (const [index, name] of names.entries()) {
        if ((round * 7 + index * 3) % 5 < 2) subscriber.unsubscribe(name);
        else subscriber.subscribe('sharded', name, ignore).catch(ignore);
      }
      if (round % 3 === 0) await nextTurn();
    }
    for (const name of names.slice(0, 10)) subscriber.unsubscribe(name);
    await Promise.all(names.slice(10).map((name) => subscriber.subscribe('sharded', name, ignore)));
    await eventually(() => subscriber.channels === 10);
    expect((await subscribedChannels(core)).toSorted()).toEqual(names.slice(10).toSorted());
  });

  test('keep the connection whole where a listener throws', async () => {
    const { core, subscriber, failed } = await start();
    await subscriber.subscribe('sharded', 'a', () => {
      throw new Error('listener');
    });
    await publish(core, 'a', '1');
    await publish(core, 'a', '2');
    await eventually(() => failed.length === 2);
    expect(failed).toEqual(['a', 'a']);
    expect(core.inventory().map(({ opened }) => opened)).toEqual([1, 1]);
  });

  test('asked for in one turn go to Redis in few commands, and come back in as few after a loss', async () => {
    const { redis, core, subscriber } = await start();
    const names = Array.from({ length: 10_000 }, (_, index) => `room-${index}`);
    const heard: string[] = [];
    await Promise.all(
      names.map((name) =>
        subscriber.subscribe('sharded', name, (_payload, channel) => {
          heard.push(channel);
        }),
      ),
    );
    expect(await callsOf(core, 'ssubscribe')).toBe(20);
    expect((await subscribedChannels(core)).length).toBe(10_000);

    const restored = new Promise<void>((resolve) => {
      subscriber.watch({ onLost: ignore, onRestored: resolve });
    });
    await killSubscriber(redis, core);
    await within(restored);
    expect(await callsOf(core, 'ssubscribe')).toBe(40);
    await publish(core, 'room-0', 'x');
    await publish(core, 'room-9999', 'x');
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(['room-0', 'room-9999']);

    for (const name of names) subscriber.unsubscribe(name);
    await eventually(() => subscriber.channels === 0);
    expect(await callsOf(core, 'sunsubscribe')).toBe(20);
  });

  test('that Redis refuses do not take others down with them', async () => {
    const { redis, subscriber } = await start();
    await redis.command('ACL', 'SETUSER', 'default', 'resetchannels', '&open-*');
    const outcomes = await Promise.allSettled(
      ['open-1', 'closed', 'open-2'].map((name) => subscriber.subscribe('sharded', name, ignore)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'redis_refused' } });
    expect(subscriber.channels).toBe(2);
  });

  test('wait where Redis says "later"', async () => {
    const { redis, core, subscriber } = await start({ 'busy-reply-threshold': '100' });
    const loop = core.commands
      .send(['EVAL', 'while true do end', '0'], { deadlineMs: 20_000 })
      .catch((error: unknown) => error);
    await eventually(async () => String(await redis.command('PING').catch(String)).includes('BUSY'));
    const subscribed = subscriber.subscribe('sharded', 'a', ignore);
    // A probe that is answered with BUSY is answered.
    const { roundTripMs } = core.inventory()[1] as ConnectionInfo;
    await eventually(() => core.inventory()[1]?.roundTripMs !== roundTripMs);
    expect(subscriber.generation).toBe(1);
    await redis.command('SCRIPT', 'KILL');
    await subscribed;
    expect(subscriber.generation).toBe(1);
    expect(await loop).toMatchObject({ code: 'redis_refused' });
  });

  test('given up while Redis is away are forgotten at once', async () => {
    const { redis, core, subscriber } = await start();
    await subscriber.subscribe('sharded', 'a', ignore);
    await redis.kill();
    await eventually(() => core.inventory().every(({ state }) => state !== 'ready'));
    const outcome = subscriber.subscribe('sharded', 'b', ignore).catch((error: unknown) => error);
    subscriber.unsubscribe('a');
    subscriber.unsubscribe('b');
    expect(await outcome).toMatchObject({ code: 'redis_unsubscribed' });
    expect(subscriber.channels).toBe(0);
  });
});

test('a subscription that is behind is left to catch up, however late the answer to a probe is', async () => {
  const { redis, core: publisher } = await start();
  const proxy = await startFaultProxy(scope, {
    target: { host: '127.0.0.1', port: redis.port },
    scheme: 'redis',
  });
  const lost: string[] = [];
  const core = createRedisCore({
    url: proxy.url,
    nodeId: 'node-2',
    tuning: { probeEveryMs: 100, probeMs: 1_000 },
    onStatus: (status) => status.kind === 'lost' && status.role === 'subscriber' && lost.push(status.name),
  });
  scope.onClose(() => core.stop(1_000));
  const heard: string[] = [];
  const subscriber = core.subscriber();
  await core.start(new AbortController().signal);
  await subscriber.subscribe('sharded', 'many', (payload) => heard.push(payload.toString('latin1', 0, 3)));
  proxy.slow({ bytesPerSecond: 40_000 });
  // Three seconds' worth stand in line before the answer.
  const numbers = Array.from({ length: 120 }, (_, n) => String(n).padStart(3, '0'));
  for (const n of numbers) await publish(publisher, 'many', n.padEnd(1_000, '.'));
  await eventually(() => heard.length === numbers.length, { timeoutMs: 30_000 });
  expect([heard, lost, subscriber.generation]).toEqual([numbers, [], 1]);
});

describe('a watch', () => {
  test('hears of each loss at once, and of the end of it when every channel is back', async () => {
    const { redis, core, subscriber, failed } = await start();
    const told: string[] = [];
    let confirmed = 0;
    const off = subscriber.watch({
      onLost() {
        told.push(`lost, ready ${core.health().ready}`);
        throw new Error('watch');
      },
      onRestored() {
        told.push(`restored, ready ${core.health().ready}, confirmed ${confirmed}`);
        throw new Error('watch');
      },
    });
    await killSubscriber(redis, core);
    await eventually(() => told.length === 2);
    const onConfirmed = (): void => {
      confirmed += 1;
    };
    await subscriber.subscribe('sharded', 'a', ignore, onConfirmed);
    await subscriber.subscribe('plain', 'b', ignore, onConfirmed);
    await killSubscriber(redis, core);
    await eventually(() => told.length === 4);
    await redis.kill();
    await eventually(() => told.length === 5);
    await redis.restart();
    await eventually(() => told.length === 6);
    const lost = 'lost, ready false';
    expect([told[0], told[2], told[4]]).toEqual([lost, lost, lost]);
    // In the last round the commands' connection may still be away.
    expect(told.slice(0, 4)).toEqual([
      lost,
      'restored, ready true, confirmed 0',
      lost,
      'restored, ready true, confirmed 4',
    ]);
    expect(told[5]).toMatch(/^restored, .*confirmed 6$/);
    expect(failed).toEqual(Array.from({ length: 6 }, () => 'watch'));
    off();
    await killSubscriber(redis, core);
    await ready(core);
    expect(told.length).toBe(6);
  });

  test('does not wait for what is given up meanwhile', async () => {
    const { redis, core, subscriber } = await start();
    await subscriber.subscribe('sharded', 'a', ignore);
    let restored = 0;
    subscriber.watch({
      onLost: () => subscriber.unsubscribe('a'),
      onRestored() {
        restored += 1;
      },
    });
    await killSubscriber(redis, core);
    await eventually(() => restored === 1);
    expect(subscriber.channels).toBe(0);
  });
});

describe('a reset', () => {
  test('brings everything back on another connection, without a pause', async () => {
    const { redis, core, subscriber } = await start();
    const heard: string[] = [];
    await subscriber.subscribe('sharded', 'a', (payload) => heard.push(payload.toString()));
    const told: string[] = [];
    subscriber.watch({ onLost: () => told.push('lost'), onRestored: () => told.push('restored') });
    subscriber.reset();
    expect(told).toEqual(['lost']);
    // There is none to drop now.
    subscriber.reset();
    await eventually(() => told.length === 2);
    expect(told).toEqual(['lost', 'restored']);
    expect(subscriber.generation).toBe(2);
    await publish(core, 'a', '1');
    await eventually(() => heard.length === 1);
    await eventually(async () => (await redis.clients()).length === 2);
  });

  test('lets nothing more through from the connection it drops', async () => {
    const { core, subscriber } = await start();
    const heard: string[] = [];
    await subscriber.subscribe('sharded', 'a', (payload) => {
      heard.push(payload.toString());
      subscriber.reset();
    });
    // In one transaction, so that they arrive together.
    await core.commands.send(['EVAL', "for n = 1, 3 do redis.call('SPUBLISH', 'a', n) end", '0']);
    await subscriber.active('a');
    await eventually(() => subscriber.generation === 2);
    expect(heard).toEqual(['1']);
  });
});
