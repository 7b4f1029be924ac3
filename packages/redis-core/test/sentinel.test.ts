import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, freePort, openScope, startSentinel, within } from '@sluice/testkit';
import { createRedisCore, type RedisCore, type RedisStatus, type RedisTuning } from '../src/index.ts';

const scope = openScope(afterEach);

// A sentinel that finds itself held up for two seconds trusts nobody for thirty.
const failoverMs = 120_000;

async function startCore(
  url: string,
  tuning: Partial<RedisTuning> = {},
): Promise<{ core: RedisCore; causes: string[] }> {
  const causes: string[] = [];
  const onStatus = (status: RedisStatus): void => {
    if (status.kind === 'retryScheduled') causes.push(String(status.cause));
  };
  const core = createRedisCore({ url, nodeId: 'node-1', tuning, onStatus });
  scope.onClose(() => core.stop(1_000));
  await core.start(new AbortController().signal);
  return { core, causes };
}

const ready = (core: RedisCore): Promise<boolean> =>
  eventually(() => core.health().ready, { timeoutMs: failoverMs });

describe('behind Sentinel', () => {
  test('commands and subscriptions come back on the new master where the old one is killed', async () => {
    const setup = await startSentinel(scope);
    const { servers } = setup;
    const { core } = await startCore(setup.url);
    const subscriber = core.subscriber();
    const heard: string[] = [];
    await subscriber.subscribe('sharded', 'room', (payload) => heard.push(payload.toString()));
    const told: string[] = [];
    subscriber.watch({ onLost: () => told.push('lost'), onRestored: () => told.push('restored') });
    await core.commands.send(['SET', 'a', '1']);
    await eventually(async () => (await core.commands.send(['WAIT', '1', '1000'])) === 1, {
      timeoutMs: failoverMs,
    });

    await servers[0].kill();
    const answer = core.commands.send(['GET', 'a'], { idempotent: true, deadlineMs: failoverMs });
    expect(await answer).toBe('1');
    // One sentinel may have told the core before the others know.
    await eventually(async () => (await setup.master()) === servers[1]);
    await ready(core);
    expect(told).toEqual(['lost', 'restored']);
    await core.commands.send(['SPUBLISH', 'room', 'x']);
    await eventually(() => heard.length === 1);
    expect(String(await servers[1].command('CLIENT', 'LIST'))).toContain('name=sluice:node-1:subscriber');
  });

  test('everything moves to the new master where the old one lives on as its replica', async () => {
    const setup = await startSentinel(scope);
    const { servers, sentinels } = setup;
    const { core } = await startCore(setup.url);
    await core.subscriber().subscribe('sharded', 'room', () => undefined);
    core.reader('adapter');
    await ready(core);
    // Until it is demoted, about ten seconds after the other has been named, it takes writes that are lost.
    await sentinels[0]?.command('SENTINEL', 'FAILOVER', setup.masterName);
    await eventually(
      async () => {
        const clients = String(await servers[1].command('CLIENT', 'LIST'));
        return core.inventory().every(({ name }) => clients.includes(`name=${name} `));
      },
      { timeoutMs: failoverMs },
    );
    await ready(core);
    expect(await core.commands.send(['SET', 'a', '1'])).toBe('OK');
    expect(await servers[1].command('EXISTS', 'a')).toBe(1);
  });

  test('a master that has become a replica is left at the first probe or refused write', async () => {
    const setup = await startSentinel(scope);
    const { servers, sentinels } = setup;
    // Each finds it in one of the ways, whichever would be first.
    const probing = await startCore(setup.url);
    const writing = await startCore(setup.url, { probeEveryMs: 600_000 });
    probing.core.subscriber();
    for (const { core } of [probing, writing]) await ready(core);
    // So that nobody but the core can end its connections or undo what follows.
    for (const sentinel of sentinels) sentinel.pause();
    await servers[1].command('REPLICAOF', 'NO', 'ONE');
    await servers[0].command('REPLICAOF', '127.0.0.1', String(servers[1].port));
    const refused = writing.core.commands.send(['SET', 'a', '1']);
    await expect(refused).rejects.toMatchObject({ code: 'redis_not_ready' });
    expect(writing.core.commands.available).toBe(false);
    for (const { core, causes } of [probing, writing]) {
      await eventually(() => core.inventory().every(({ state }) => state !== 'ready'));
      await eventually(() => causes.some((cause) => cause.includes('not the master')));
    }
  });

  test('a dead and a mute sentinel hold nobody up, and credentials are given where they are asked for', async () => {
    const setup = await startSentinel(scope);
    const [master] = setup.servers;
    const [asks, , dead] = setup.sentinels;
    await dead?.kill();
    await asks?.command('ACL', 'SETUSER', 'default', 'resetpass', '>s3cret');
    await master.command('ACL', 'SETUSER', 'default', 'resetpass', '>s3cret');
    const mutePort = await freePort(scope);
    const mute = createServer((socket) => {
      scope.onClose(() => socket.destroy());
    });
    await new Promise<void>((resolve) => mute.listen(mutePort, '127.0.0.1', resolve));
    scope.onClose(() => mute.close());
    const url = setup.url
      .replace('redis-sentinel://', `redis-sentinel://:s3cret@127.0.0.1:${mutePort},`)
      .replace(/\/main$/, '/main/3');
    const { core } = await startCore(url);
    expect(await core.commands.send(['SET', 'a', '1'], { deadlineMs: 20_000 })).toBe('OK');
    const info = await core.commands.send(['CLIENT', 'INFO']);
    expect(info).toContain(' db=3 ');
    expect(core.displayUrl).not.toContain('s3cret');
  });

  test('an unknown master is said to be unknown, and waited for', async () => {
    const setup = await startSentinel(scope);
    const { core, causes } = await startCore(setup.url.replace(/main$/, 'other'));
    await eventually(() => causes.length > 2);
    expect(causes[0]).toContain('no sentinel names a master "other"');
    expect(core.health().ready).toBe(false);
    // Not as long as it might.
    await within(core.stop(60_000));
  });
});
