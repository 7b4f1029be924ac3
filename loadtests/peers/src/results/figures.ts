import type { WorkName } from '../../options.mjs';

/** Less is better, of all of them. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly digits: number;
  /** Whether it is worth saying how many times the reference's it is; counted is what should not be at all. */
  readonly kind: 'compared' | 'plain' | 'count';
}

export interface Work {
  readonly title: string;
  /** What ratios are to: the floor, the same peer on the fewest nodes, or nothing. */
  readonly reference: 'floor' | 'fewest nodes' | undefined;
  /** Those that the table shows; trials may have more. */
  readonly figures: readonly Figure[];
}

const gatewayCpu: Figure = {
  name: 'gatewayCpuUsPerDelivery',
  title: 'gateway CPU, us/delivery',
  digits: 1,
  kind: 'compared',
};

/** What was not heard as it should be. */
const errors: readonly Figure[] = [
  { name: 'unheard', title: 'messages nobody heard', digits: 0, kind: 'count' },
  { name: 'lost', title: 'lost to some members', digits: 0, kind: 'count' },
  { name: 'duplicated', title: 'duplicated', digits: 0, kind: 'count' },
  { name: 'inversions', title: 'out of a sender’s order', digits: 0, kind: 'count' },
  { name: 'disagreements', title: 'out of one order', digits: 0, kind: 'count' },
];

const delivery: readonly Figure[] = [
  gatewayCpu,
  { name: 'redisCpuUsPerPublish', title: 'Redis CPU, us/publish', digits: 1, kind: 'compared' },
  { name: 'latencyP50Ms', title: 'latency p50, ms', digits: 2, kind: 'compared' },
  { name: 'latencyP99Ms', title: 'latency p99, ms', digits: 2, kind: 'compared' },
  { name: 'gatewayRssMb', title: 'RSS of a gateway, MB', digits: 1, kind: 'plain' },
  ...errors,
];

const idle: readonly Figure[] = [
  { name: 'rssKbPerConnection', title: 'RSS per connection, KB', digits: 1, kind: 'compared' },
  { name: 'cpuMsPerConnect', title: 'CPU per connect and 2 joins, ms', digits: 3, kind: 'compared' },
  { name: 'cpuMsPerHandshake', title: 'of which connect, ms', digits: 3, kind: 'compared' },
  { name: 'redisCpuMsPerConnect', title: 'Redis CPU per connect, ms', digits: 3, kind: 'compared' },
  { name: 'redisKbPerConnection', title: 'Redis RSS per connection, KB', digits: 1, kind: 'plain' },
  { name: 'idleCpuPercent', title: 'CPU of all while idle, % of a core', digits: 1, kind: 'plain' },
  { name: 'redisIdleCpuPercent', title: 'Redis CPU while idle, % of a core', digits: 1, kind: 'plain' },
];

const returnCost: readonly Figure[] = [
  { name: 'gatewayCpuMsPerReturn', title: 'gateway CPU, ms/return', digits: 2, kind: 'compared' },
  { name: 'redisCpuMsPerReturn', title: 'Redis CPU, ms/return', digits: 3, kind: 'plain' },
];

const returnErrors: readonly Figure[] = [
  { name: 'begunAnew', title: 'begun anew', digits: 0, kind: 'count' },
  ...errors,
  { name: 'falselyRecovered', title: 'falsely recovered', digits: 0, kind: 'count' },
];

const returning: readonly Figure[] = [
  ...returnCost,
  { name: 'backP50Ms', title: 'back after p50, ms', digits: 1, kind: 'compared' },
  { name: 'backP99Ms', title: 'back after p99, ms', digits: 1, kind: 'compared' },
  { name: 'backMaxMs', title: 'the last is back after, ms', digits: 1, kind: 'compared' },
  ...returnErrors,
];

const quiet: readonly Figure[] = [
  { name: 'busyCpuMsPerS', title: 'CPU while others talk, ms/s', digits: 1, kind: 'compared' },
  { name: 'silentCpuMsPerS', title: 'CPU while nobody does, ms/s', digits: 1, kind: 'compared' },
  ...returnCost,
  { name: 'backP50Ms', title: 'back after p50, ms', digits: 1, kind: 'compared' },
  { name: 'backMaxMs', title: 'back after at most, ms', digits: 1, kind: 'compared' },
  ...returnErrors,
];

const ready: readonly Figure[] = [
  { name: 'readyMs', title: 'ready after, ms', digits: 0, kind: 'plain' },
  { name: 'readyCpuMs', title: 'CPU until then, ms', digits: 0, kind: 'plain' },
  { name: 'gatewayRssMb', title: 'RSS then, MB', digits: 1, kind: 'plain' },
];

export const works: Readonly<Record<WorkName, Work>> = {
  rooms: { title: 'rooms: small rooms over all nodes', reference: 'floor', figures: delivery },
  fanout: { title: 'fanout: one room with many sockets per node', reference: 'floor', figures: delivery },
  flat: {
    title: 'flat: small rooms on the fewest nodes, the others serve nobody',
    reference: 'fewest nodes',
    figures: delivery.map((figure) =>
      figure.kind === 'compared' && figure !== gatewayCpu ? { ...figure, kind: 'plain' } : figure,
    ),
  },
  idle: { title: 'idle: connections that say nothing', reference: 'floor', figures: idle },
  storm: { title: 'storm: most lose their connections at once', reference: 'floor', figures: returning },
  crash: { title: 'crash: a node is killed under load', reference: 'floor', figures: returning },
  quiet: { title: 'quiet: a node of quiet rooms beside busy ones', reference: 'floor', figures: quiet },
  ready: { title: 'ready: a whole gateway starts', reference: undefined, figures: ready },
  gateway: { title: 'gateway: small rooms over whole gateways', reference: undefined, figures: delivery },
};
