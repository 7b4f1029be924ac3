import type { ChaosClient } from './chaos-client.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Who is in which rooms. */
export interface RoomPlan {
  readonly room: string;
  /** Indices of its members. */
  readonly members: readonly number[];
  /** Its share of all messages. */
  readonly weight: number;
}

/**
 * Rooms of different sizes for `clients` clients: one for nearly all, some for a third, small ones, and quiet ones, in
 * which a few clients sit that are in no other.
 */
export function planRooms(prefix: string, clients: number, random: SeededRandom): RoomPlan[] {
  const all = Array.from({ length: clients }, (_, index) => index);
  const idle = all.slice(0, Math.ceil(clients / 8));
  const busy = all.slice(idle.length);
  const plan = (name: string, members: readonly number[], weight: number): RoomPlan => ({
    room: `${prefix}-${name}`,
    members,
    weight,
  });
  return [
    plan('hall', busy, 20),
    ...[1, 2, 3].map((n) => plan(`salon-${n}`, random.sample(busy, Math.ceil(clients / 3)), 15)),
    ...[1, 2, 3, 4, 5].map((n) => plan(`nook-${n}`, random.sample(busy, 3), 7)),
    ...[1, 2].map((n) => plan(`quiet-${n}`, [...idle, ...random.sample(busy, 1)], 0.2)),
  ];
}

export interface WorkloadOptions {
  readonly rooms: readonly RoomPlan[];
  readonly messagesPerSecond: number;
  /** Begins every message's `clientId`. */
  readonly prefix: string;
}

export interface Workload {
  readonly published: number;
  /** Publishes one message more in every room; what follows nothing else proves that all was heard. */
  publishLast(): void;
  /** Everybody who is outside comes back to stay. */
  stop(): void;
}

const typingEveryMs = 400;
const leaveEveryMs = 1_500;
const longestText = 1_500;

/** Lets clients talk, type, and now and then leave a room and come back, as `random` has it, until it is stopped. */
export function startWorkload(
  clients: readonly ChaosClient[],
  random: SeededRandom,
  options: WorkloadOptions,
): Workload {
  const { rooms, messagesPerSecond, prefix } = options;
  const totalWeight = rooms.reduce((sum, { weight }) => sum + weight, 0);
  const timers = new Set<NodeJS.Timeout>();
  let published = 0;

  const memberOf = ({ members }: RoomPlan): ChaosClient => clients[random.pick(members)] as ChaosClient;
  const chooseRoom = (): RoomPlan => {
    let left = random.next() * totalWeight;
    return rooms.find(({ weight }) => (left -= weight) < 0) ?? (rooms[0] as RoomPlan);
  };
  const publish = (plan: RoomPlan): void => {
    published += 1;
    const clientId = `${prefix}-${published}`;
    // Most are short; some are long enough to be cut in two.
    const length = random.chance(0.9) ? random.whole(0, 80) : random.whole(80, longestText);
    memberOf(plan).publish(plan.room, clientId, `${clientId} `.padEnd(length, '.'));
  };
  const later = (delayMs: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  };
  const again = (everyMs: number, act: () => void): void =>
    later(everyMs * (0.5 + random.next()), () => {
      act();
      again(everyMs, act);
    });

  again(1_000 / messagesPerSecond, () => publish(chooseRoom()));
  again(typingEveryMs, () => {
    const plan = chooseRoom();
    memberOf(plan).type(plan.room, random.chance(0.5));
  });
  again(leaveEveryMs, () => {
    const plan = chooseRoom();
    const client = memberOf(plan);
    client.leave(plan.room);
    later(random.whole(0, 800), () => client.join(plan.room));
  });
  return {
    get published() {
      return published;
    },
    publishLast: () => rooms.forEach(publish),
    stop() {
      for (const timer of timers) clearTimeout(timer);
      for (const { room, members } of rooms) members.forEach((index) => clients[index]?.join(room));
    },
  };
}
