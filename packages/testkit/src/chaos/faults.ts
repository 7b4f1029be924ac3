import type { Cut, Direction } from '../proxied-connection.ts';
import type { FaultKind } from './fault-plan.ts';
import {
  isLinked,
  onClientLink,
  onNode,
  onRedis,
  onRedisLink,
  type Fault,
  type FaultContext,
} from './fault-targets.ts';
import { trimRoom } from './trim-room.ts';

const cuts: readonly Cut[] = ['reset', 'end'];
const directions: readonly Direction[] = ['up', 'down', 'both', 'both'];

/** How each kind of fault is injected. */
export const faults: Readonly<Record<FaultKind, Fault>> = {
  'gateway killed': onNode(async ({ slot, say, pause, random }) => {
    say(`${slot.process?.nodeId} is killed`);
    await slot.kill();
    await pause(random.whole(0, 1_500));
    await slot.start(random.chance(0.5));
    say(`${slot.process?.nodeId} is there`);
  }),
  'gateway frozen': onNode(async ({ slot, say, pause, random }) => {
    say(`${slot.process?.nodeId} is frozen`);
    slot.freeze();
    await pause(random.whole(1_000, 6_000));
    slot.thaw();
    say(`${slot.process?.nodeId} thaws`);
  }),
  'redis killed': onRedis(async ({ cluster, say, pause, random }) => {
    say('Redis is killed');
    await cluster.redis.kill();
    await pause(random.whole(0, 1_500));
    await cluster.redis.restart();
    say('Redis is there again');
  }),
  'redis frozen': onRedis(async ({ cluster, say, pause, random }) => {
    say('Redis is frozen');
    cluster.redis.pause();
    await pause(random.whole(300, 3_000));
    cluster.redis.resume();
    say('Redis thaws');
  }),
  'redis link cut': onRedisLink(async ({ slot, say, random }) => {
    const how = random.pick(cuts);
    const one = random.chance(0.5);
    say(`${slot.name} loses ${one ? 'a connection' : 'its connections'} to Redis (${how})`);
    if (one) random.sample(slot.redisLink.connections, 1)[0]?.cut(how);
    else slot.redisLink.cut(how);
    await Promise.resolve();
  }),
  'redis link stalled': onRedisLink(async ({ slot, say, pause, random }) => {
    const direction = random.pick(directions);
    const one = random.chance(0.5);
    say(`${one ? 'a connection' : 'the link'} of ${slot.name} to Redis stalls (${direction})`);
    if (one) random.sample(slot.redisLink.connections, 1)[0]?.stall(direction);
    else slot.redisLink.stall(direction);
    await pause(random.whole(300, 4_000));
  }),
  'redis link half-open': onRedisLink(async ({ slot, say, pause, random }) => {
    const gone = random.chance(0.7) ? 'target' : 'client';
    const one = random.chance(0.5);
    say(`${one ? 'a connection' : 'the link'} of ${slot.name} to Redis is half open (${gone} gone)`);
    if (one) random.sample(slot.redisLink.connections, 1)[0]?.halfOpen(gone);
    else slot.redisLink.halfOpen(gone);
    await pause(random.whole(1_000, 4_000));
  }),
  'redis link slow': onRedisLink(async ({ slot, say, pause, random }) => {
    const pace = { bytesPerSecond: random.whole(10_000, 100_000), latencyMs: random.whole(5, 200) };
    say(`the link of ${slot.name} to Redis is slow (${pace.bytesPerSecond} B/s, ${pace.latencyMs} ms)`);
    slot.redisLink.slow(pace);
    await pause(random.whole(1_000, 4_000));
  }),
  'client link cut': onClientLink(async ({ link, say, random }) => {
    const how = random.pick(cuts);
    say(`loses its connection (${how})`);
    link.cut(how);
    await Promise.resolve();
  }),
  'client link stalled': onClientLink(async ({ link, say, pause, random }) => {
    const direction = random.pick(directions);
    say(`its link stalls (${direction})`);
    link.stall(direction);
    await pause(random.whole(300, 5_000));
  }),
  'client link half-open': onClientLink(async ({ link, say, pause, random }) => {
    const gone = random.pick(['target', 'client'] as const);
    say(`its connection is half open (${gone} gone)`);
    for (const connection of link.connections) connection.halfOpen(gone);
    await pause(random.whole(300, 4_000));
  }),
  'client link slow': onClientLink(async ({ link, say, pause, random }) => {
    const pace = { bytesPerSecond: random.whole(2_000, 50_000), latencyMs: random.whole(5, 300) };
    say(`its link is slow (${pace.bytesPerSecond} B/s, ${pace.latencyMs} ms)`);
    link.slow(pace);
    await pause(random.whole(1_000, 4_000));
  }),
  'client link refused': onClientLink(async ({ link, say, pause, random }) => {
    say('is away');
    link.refuse();
    link.cut(random.pick(cuts));
    await pause(random.whole(500, 4_000));
    say('may come back');
  }),
  'quick reconnects': async ({ clients, recorder, pause }, random) => {
    const few = random.sample(clients, random.whole(1, Math.max(1, Math.floor(clients.length / 3))));
    for (let round = random.whole(1, 4); round > 0; round--) {
      recorder.record({
        kind: 'fault',
        text: `${few.map(({ name }) => name).join(', ')} drop their connections`,
      });
      for (const client of few) client.drop();
      await pause(random.whole(60, 500));
    }
    return true;
  },
  'cut in mid-recovery': onClientLink(async ({ link, say, pause, random }) => {
    say('loses its connection');
    link.cut(random.pick(cuts));
    for (let times = random.whole(1, 3); times > 0; times--) {
      const next = await Promise.race([link.nextConnection(), pause(3_000)]);
      if (next === undefined) break;
      // The answer to the upgrade and the handshake are about 400 bytes; what was missed comes after.
      const bytes = random.whole(100, 2_500);
      say(`is cut again ${bytes} bytes into its next connection`);
      next.cutAfter(bytes, random.pick(cuts));
      await pause(random.whole(30, 400));
      next.cut();
    }
  }),
  'slow consumer': async ({ clients, recorder, pause }, random) => {
    const client = random.pick(clients);
    const goOn = client.stopReading();
    recorder.record({ kind: 'fault', text: `${client.name} stops reading`, client: client.name });
    await pause(random.whole(500, 5_000));
    goOn();
    recorder.record({ kind: 'fault', text: `${client.name} reads on`, client: client.name });
    return true;
  },
  'room trimmed': async (context, random) => {
    const { room, members } = random.pick(context.rooms);
    const linked = members
      .map((index) => context.clients[index])
      .filter((client) => client !== undefined)
      .filter(isLinked);
    const away = random.sample(linked, random.whole(1, 3));
    for (const client of away) {
      client.taken = true;
      client.route.link.refuse();
      client.route.link.cut();
    }
    const names = away.map(({ name }) => name).join(', ');
    context.recorder.record({ kind: 'fault', text: `away from ${room}: ${names}` });
    await context.pause(random.whole(200, 1_500));
    await trim(context, room, random.whole(1, 5));
    for (const client of away) {
      await client.route.link.heal();
      client.taken = false;
    }
    return true;
  },
};

async function trim({ cluster, recorder }: FaultContext, room: string, keep: number): Promise<void> {
  // With Redis in trouble there is nothing to trim.
  if (cluster.redisTaken) return;
  cluster.redisTaken = true;
  try {
    // Said before and after: who comes back meanwhile may find either.
    recorder.record({ kind: 'trimmed', room });
    await trimRoom(cluster.redis, room, keep);
    recorder.record({ kind: 'trimmed', room });
  } finally {
    cluster.redisTaken = false;
  }
}
