import type { FaultProxy } from '../fault-proxy.ts';
import type { ChaosClient } from './chaos-client.ts';
import type { ChaosCluster, NodeSlot } from './chaos-cluster.ts';
import type { Recorder } from './recorder.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { RoomPlan } from './workload.ts';

export interface FaultContext {
  readonly cluster: ChaosCluster;
  readonly clients: readonly ChaosClient[];
  readonly rooms: readonly RoomPlan[];
  readonly recorder: Recorder;
  /** Resolves after so long, or as soon as the run is over. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Does it and undoes it again; resolves to false where there is nothing left to do it to. */
export type Fault = (context: FaultContext, random: SeededRandom) => Promise<boolean>;

/** A client that nothing else is done to, with a link to do something to. */
type Linked = ChaosClient & { readonly route: { readonly link: FaultProxy } };

export function isLinked(client: ChaosClient): client is Linked {
  return client.route.link !== undefined && !client.taken;
}

/** What a fault of a node, of its link to Redis, or of Redis may use. */
interface ClusterFault {
  readonly cluster: ChaosCluster;
  readonly say: (text: string) => void;
  readonly pause: FaultContext['pause'];
  readonly random: SeededRandom;
}

export function onNode(body: (fault: ClusterFault & { readonly slot: NodeSlot }) => Promise<void>): Fault {
  return async ({ cluster, recorder, pause }, random) => {
    const sound = cluster.slots.filter((slot) => !slot.taken && slot.state === 'up');
    // Somebody has to be left to come back to.
    if (sound.length < 2) return false;
    const slot = random.pick(sound);
    slot.taken = true;
    try {
      const say = (text: string): void => recorder.record({ kind: 'fault', text });
      await body({ cluster, slot, say, pause, random });
    } finally {
      slot.taken = false;
    }
    return true;
  };
}

export function onRedis(body: (fault: ClusterFault) => Promise<void>): Fault {
  return async ({ cluster, recorder, pause }, random) => {
    if (cluster.redisTaken) return false;
    cluster.redisTaken = true;
    try {
      const say = (text: string): void => recorder.record({ kind: 'fault', text });
      await body({ cluster, say, pause, random });
    } finally {
      cluster.redisTaken = false;
    }
    return true;
  };
}

export function onRedisLink(
  body: (fault: ClusterFault & { readonly slot: NodeSlot }) => Promise<void>,
): Fault {
  return async ({ cluster, recorder, pause }, random) => {
    const free = cluster.slots.filter((slot) => !slot.linkTaken);
    if (free.length === 0) return false;
    const slot = random.pick(free);
    slot.linkTaken = true;
    try {
      const say = (text: string): void => recorder.record({ kind: 'fault', text });
      await body({ cluster, slot, say, pause, random });
      await slot.redisLink.heal();
      say(`the link of ${slot.name} to Redis is sound`);
    } finally {
      slot.linkTaken = false;
    }
    return true;
  };
}

interface ClientLinkFault {
  readonly link: FaultProxy;
  readonly say: (text: string) => void;
  readonly pause: FaultContext['pause'];
  readonly random: SeededRandom;
}

export function onClientLink(body: (fault: ClientLinkFault) => Promise<void>): Fault {
  return async ({ clients, recorder, pause }, random) => {
    const free = clients.filter(isLinked);
    if (free.length === 0) return false;
    const client = random.pick(free);
    const { link } = client.route;
    client.taken = true;
    try {
      const say = (text: string): void =>
        recorder.record({ kind: 'fault', text: `${client.name}: ${text}`, client: client.name });
      await body({ link, say, pause, random });
      await link.heal();
    } finally {
      client.taken = false;
    }
    return true;
  };
}
