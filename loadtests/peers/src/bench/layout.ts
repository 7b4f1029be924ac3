import type { PlannedClient } from '../generator/plan.ts';

export interface Layout {
  readonly clients: readonly PlannedClient[];
  /** Indices of those who send, in the order of their turns. */
  readonly senders: readonly number[];
}

export interface StormLayout extends Layout {
  /** Indices of those who lose their connections. */
  readonly leavers: readonly number[];
  /** Those of them who have lost it once before, so that no cold code is measured. */
  readonly rehearsal: readonly number[];
}

const rehearsedShare = 0.25;

/** Rooms whose members are on successive nodes, so that as many nodes as possible serve each; everybody sends. */
export function roomsLayout(options: { clients: number; roomSize: number; nodes: number }): Layout {
  const { roomSize, nodes } = options;
  const clients = Array.from({ length: options.clients }, (_, index): PlannedClient => {
    const room = Math.floor(index / roomSize);
    return {
      node: (room + (index % roomSize)) % nodes,
      identity: `user-${index}`,
      rooms: [`room-${room}`],
    };
  });
  return { clients, senders: strided(options.clients) };
}

/**
 * The same rooms, of whose members all but the first lose their connections; those who stay do the talking. A part of the
 * others, spread over all rooms, has lost it once before.
 */
export function stormLayout(options: { clients: number; roomSize: number; nodes: number }): StormLayout {
  const { clients } = roomsLayout(options);
  const stay = (client: number): boolean => client % options.roomSize === 0;
  const all = strided(options.clients);
  const leavers = all.filter((client) => !stay(client));
  return {
    clients,
    senders: all.filter(stay),
    leavers,
    rehearsal: leavers.slice(0, Math.ceil(leavers.length * rehearsedShare)),
  };
}

export interface QuietLayout extends Layout {
  readonly quietNode: number;
  /** Indices of the first member of each quiet room, who stays and talks; */
  readonly quietSenders: readonly number[];
  /** and of the other members. */
  readonly leavers: readonly number[];
}

const quietRooms = 3;

/** Small rooms over all nodes but the last one, which has a few of its own. */
export function quietLayout(options: { clients: number; roomSize: number; nodes: number }): QuietLayout {
  const { roomSize } = options;
  const quietNode = options.nodes - 1;
  const busy = roomsLayout({ ...options, nodes: quietNode });
  const quiet = Array.from({ length: quietRooms * roomSize }, (_, index): PlannedClient => {
    const room = `quiet-${Math.floor(index / roomSize)}`;
    return { node: quietNode, identity: `quiet-user-${index}`, rooms: [room] };
  });
  const indices = quiet.map((_, index) => options.clients + index);
  return {
    ...busy,
    clients: [...busy.clients, ...quiet],
    quietNode,
    quietSenders: indices.filter((_, index) => index % roomSize === 0),
    leavers: indices.filter((_, index) => index % roomSize !== 0),
  };
}

const crowdSendersPerNode = 10;

/** One room with as many members on every node; a few of each node send. */
export function crowdLayout(options: { perNode: number; nodes: number }): Layout {
  const { perNode, nodes } = options;
  const clients = Array.from({ length: perNode * nodes }, (_, index): PlannedClient => {
    return { node: index % nodes, identity: `user-${index}`, rooms: ['crowd'] };
  });
  const senders = Math.min(perNode, crowdSendersPerNode) * nodes;
  return { clients, senders: Array.from({ length: senders }, (_, index) => index) };
}

/**
 * Clients spread over the nodes, each in two rooms, of which each has four members (the last ones may have fewer).
 * @param name what the rooms' names begin with
 */
export function idleLayout(options: { clients: number; nodes: number; name: string }): PlannedClient[] {
  const members = 4;
  // Neighbours share the one room, and those who are far apart the other.
  const blocks = Math.ceil(options.clients / members);
  return Array.from({ length: options.clients }, (_, index) => ({
    node: index % options.nodes,
    identity: `${options.name}-${index}`,
    rooms: [`${options.name}-near-${Math.floor(index / members)}`, `${options.name}-far-${index % blocks}`],
  }));
}

/** The numbers below `count` once each, neighbours far apart: who sends next is in another room and on another node. */
export function strided(count: number): number[] {
  const goldenRatio = 0.618;
  let step = Math.max(1, Math.round(count * goldenRatio));
  while (greatestCommonDivisor(step, count) !== 1) step += 1;
  return Array.from({ length: count }, (_, turn) => (turn * step) % count);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
