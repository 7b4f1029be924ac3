import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { ServerOptions } from 'socket.io';
import { settled, startWithMembers, type Member } from './members.ts';
import { drivers, ours, sharedRedis, type Node } from './nodes.ts';
import { comeBack, cut, heardOf, recovering } from './returning.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

/** What a stock client remembers of its session. */
const memoryOf = ({ socket }: Member) =>
  socket as unknown as Record<'_pid' | '_lastOffset', string | undefined>;

describe.each(drivers)('a client begins anew over %s', (driver) => {
  async function start(server: Partial<ServerOptions> = recovering) {
    const { nodes, members } = await startWithMembers(scope, { redis: redis(), driver, server });
    nodes[0].io.emit('init', 0);
    await settled(nodes[0], members);
    const [member, ...others] = members;
    const { id } = member.atServer;
    await member.atServer.join('room');
    member.atServer.data = { foo: 'bar' };
    member.heard.length = 0;
    const miss = async (): Promise<void> => {
      nodes[0].io.emit('missed', 1);
      await settled(nodes[0], others);
    };
    return { nodes, member, id, miss };
  }

  async function comesBack(member: Member, node: Node, id: string) {
    const atServer = await comeBack(member, node);
    await settled(node, [member]);
    return {
      recovered: member.socket.recovered || atServer.recovered,
      same: atServer.id === id,
      rooms: atServer.rooms.size,
      data: (atServer.data as { foo?: string }).foo,
      heard: member.heard,
    };
  }
  const anew = { recovered: false, same: false, rooms: 1, data: undefined, heard: [] };

  test('where its session is not known', async () => {
    const { nodes, member, id, miss } = await start();
    await cut(member, nodes[0]);
    await miss();
    memoryOf(member)['_pid'] = 'abc';
    memoryOf(member)['_lastOffset'] = '507f191e810c19729de860ea';
    expect(await comesBack(member, nodes[1], id)).toEqual(anew);
  });

  test('where its offset was never given out', async () => {
    const { nodes, member, miss } = await start();
    for (const offset of ['abc', '99999999999999-0', '-', ' 1-1', '1-1\n', '', '18446744073709551616-0']) {
      const { id } = member.atServer;
      nodes[0].io.emit('init', 0);
      await settled(nodes[0], [member]);
      await cut(member, nodes[0]);
      await miss();
      member.heard.length = 0;
      memoryOf(member)['_lastOffset'] = offset;
      expect([offset, await comesBack(member, nodes[0], id)]).toEqual([offset, anew]);
    }
  });

  test('where it left by itself', async () => {
    const { nodes, member, id } = await start();
    member.socket.disconnect();
    await eventually(() => nodes[0].io.of('/').sockets.size === 0);
    expect(await comesBack(member, nodes[0], id)).toEqual(anew);
  });

  test('where it was disconnected by the server', async () => {
    const { nodes, member, id, miss } = await start();
    nodes[1].io.in('room').disconnectSockets(true);
    await eventually(() => !member.socket.connected);
    await miss();
    expect(await comesBack(member, nodes[1], id)).toEqual(anew);
  });

  test('where it stayed away for too long', async () => {
    const { nodes, member, id } = await start({
      connectionStateRecovery: { maxDisconnectionDuration: 5_000 },
    });
    const pattern = `${nodes[0].prefix}:*${memoryOf(member)['_pid']}*`;
    await cut(member, nodes[0]);
    await eventually(async () => ((await redis().command('KEYS', pattern)) as unknown[]).length === 0, {
      timeoutMs: 30_000,
      describe: () => 'the session expires',
    });
    expect(await comesBack(member, nodes[1], id)).toEqual(anew);
  });

  test('where the server does not recover, and keeps and adds nothing', async () => {
    const { nodes, member, id } = await start({});
    const { prefix } = nodes[0];
    expect(memoryOf(member)['_pid']).toBeUndefined();
    nodes[1].io.emit('test', 'one');
    await settled(nodes[1], [member]);
    expect(member.heard).toEqual([['test', 'one']]);
    expect(await redis().command('KEYS', `${prefix}:*session*`)).toEqual([]);
    member.heard.length = 0;
    member.socket.io.engine.close();
    await eventually(() => nodes[0].io.of('/').sockets.size === 0);
    expect(await comesBack(member, nodes[1], id)).toEqual(anew);
  });
});

describe.each(drivers)('middlewares over %s', (driver) => {
  test('run for who recovers, where they are not to be skipped', async () => {
    const { nodes, members } = await startWithMembers(scope, {
      redis: redis(),
      driver,
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: false } },
    });
    nodes[0].io.emit('init', 0);
    await settled(nodes[0], members);
    const [member] = members;
    nodes[1].io.use((socket, next) => {
      Object.assign(socket.data, { seen: true });
      next();
    });
    await cut(member, nodes[0]);
    const atServer = await comeBack(member, nodes[1]);
    expect(atServer.recovered).toBe(true);
    expect(atServer.data).toMatchObject({ seen: true });
  });
});

describe.each(ours)('beyond the official adapters, middlewares over %s', (driver) => {
  const start = () =>
    startWithMembers(scope, {
      redis: redis(),
      driver,
      server: { connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: true } },
    });

  test('run for who recovers, whatever the option says', async () => {
    const { nodes, members } = await start();
    const [member] = members;
    let runs = 0;
    nodes[1].io.use((_socket, next) => {
      runs += 1;
      next();
    });
    await cut(member, nodes[0]);
    await comeBack(member, nodes[1]);
    expect([member.socket.recovered, runs]).toEqual([true, 1]);
  });

  test('that refuse keep every missed byte from their client, who may come back later', async () => {
    const { nodes, members } = await start();
    const [member] = members;
    await member.atServer.join('room');
    await cut(member, nodes[0]);
    nodes[2].io.to('room').emit('missed', 'secret');
    let refuse = true;
    nodes[1].io.use((_socket, next) => next(refuse ? new Error('refused') : undefined));
    const packets: unknown[] = [];
    member.socket.io.on('packet', (packet) => packets.push(packet));
    const refusal = new Promise<Error>((resolve) => {
      member.socket.once('connect_error', resolve);
    });
    (member.socket.io as unknown as { uri: string }).uri = nodes[1].url;
    member.socket.connect();
    expect((await refusal).message).toBe('refused');
    expect(JSON.stringify(packets)).not.toContain('secret');
    refuse = false;
    await comeBack(member, nodes[1]);
    await settled(nodes[1], [member]);
    expect(member.socket.recovered).toBe(true);
    expect(heardOf(member)).toEqual([['missed', 'secret']]);
  });
});
