import type { DialectName } from './dialect.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { RoomVerdict } from './check-room.ts';

/** A client to be: on which node (by index), who, and in which rooms. */
export interface PlannedClient {
  readonly node: number;
  readonly identity: string;
  /** True for a client of the chat that wants to be told the trace context of what it is sent. */
  readonly wantsTrace?: boolean;
  readonly rooms: readonly string[];
}

interface PlanBase {
  readonly dialect: DialectName;
  /** Of the nodes. */
  readonly ports: readonly number[];
  readonly clients: readonly PlannedClient[];
  /** Whose CPU time is accounted for. */
  readonly pids: { readonly nodes: readonly number[]; readonly redis: number };
}

/** Every client is in one room; some send. */
export interface DeliveryPlan extends PlanBase {
  readonly kind: 'delivery';
  /** Indices of the clients that send, in the order in which they take turns. */
  readonly senders: readonly number[];
  readonly ratePerS: number;
  /** How long every node with clients has delivered before the window begins. */
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** Clients connect, join, and stay until the process is ended; with `leave` they go at once, which warms the nodes up. */
export interface ConnectPlan extends PlanBase {
  readonly kind: 'connect';
  readonly leave: boolean;
}

export type GeneratorPlan = DeliveryPlan | ConnectPlan;

/** CPU time within a window, and memory at its end. */
export interface WindowUsage {
  readonly nodes: readonly ProcessUsage[];
  readonly redis: ProcessUsage;
  readonly generator: ProcessUsage;
}

export interface DeliveryReport {
  readonly windowMs: number;
  /** Sent and heard within the window. */
  readonly published: number;
  readonly delivered: number;
  /** To the clients of each node. */
  readonly deliveredByNode: readonly number[];
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** How late sends were against their pace. */
  readonly latenessP99Ms: number;
  readonly usage: WindowUsage;
  /** Over the whole run, warm-up included. */
  readonly verdict: RoomVerdict;
  /** Refusals and connections that ended: what happened to the first of them. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
}

export interface ConnectReport {
  readonly connections: number;
  readonly joins: number;
  readonly connecting: WindowUsage;
  readonly joining: WindowUsage;
}

/** What becomes of each kind of plan. */
export interface Reports {
  readonly delivery: DeliveryReport;
  readonly connect: ConnectReport;
}

/** What a generator says on stdout, one JSON object per line: a report at the end of its plan. */
export type GeneratorLine =
  | { readonly kind: 'phase'; readonly phase: 'connecting' | 'warming' | 'measuring' | 'settling' }
  | { readonly kind: 'report'; readonly report: Reports[keyof Reports] };
