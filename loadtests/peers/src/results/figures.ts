import type { WorkName } from '../../options.mjs';

export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly digits: number;
  /** True where it is worth saying how many times the floor's it is. */
  readonly comparable: boolean;
}

const delivery: readonly Figure[] = [
  { name: 'gatewayCpuUsPerDelivery', title: 'gateway CPU, us/delivery', digits: 1, comparable: true },
  { name: 'redisCpuUsPerPublish', title: 'Redis CPU, us/publish', digits: 1, comparable: true },
  { name: 'latencyP50Ms', title: 'latency p50, ms', digits: 2, comparable: true },
  { name: 'latencyP99Ms', title: 'latency p99, ms', digits: 2, comparable: true },
  { name: 'gatewayRssMb', title: 'RSS of a gateway, MB', digits: 1, comparable: false },
  { name: 'lost', title: 'lost', digits: 0, comparable: false },
  { name: 'duplicated', title: 'duplicated', digits: 0, comparable: false },
  { name: 'inversions', title: 'out of a sender’s order', digits: 0, comparable: false },
  { name: 'disagreements', title: 'out of one order', digits: 0, comparable: false },
];

export interface Work {
  readonly title: string;
  /** Those that the table shows; trials may have more. */
  readonly figures: readonly Figure[];
}

export const works: Readonly<Record<WorkName, Work>> = {
  rooms: { title: 'rooms: small rooms over all nodes', figures: delivery },
};
