import type { ProcessUsage } from '@sluice/testkit';
import type { DialectName } from './dialect/dialect.ts';
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

/** How clients lose their connections: each by itself, or with the node that they are on. */
export type Cut =
  | { readonly kind: 'reset'; readonly clients: readonly number[] }
  | { readonly kind: 'kill'; readonly node: number; readonly pid: number };

/**
 * Every client is in one room; some send. Some lose their connections, and come back to another node. The CPU time of a node
 * that is killed is not accounted for.
 */
export interface ReturnPlan extends PlanBase {
  readonly kind: 'return';
  readonly senders: readonly number[];
  readonly ratePerS: number;
  readonly warmupMs: number;
  /** Who loses the connection once before, so that no cold code is measured. */
  readonly rehearsal: readonly number[];
  readonly cut: Cut;
  /** How long talking alone is measured, before and after. */
  readonly steadyMs: number;
}

/** One node serves a few clients to whom little is said, the others serve many to whom much is. Everybody is in one room. */
export interface QuietPlan extends PlanBase {
  readonly kind: 'quiet';
  /** Of the busy rooms. */
  readonly senders: readonly number[];
  readonly ratePerS: number;
  /** Clients of the quiet node who talk, and stay. */
  readonly quietSenders: readonly number[];
  readonly quietRatePerS: number;
  /** Clients of the quiet node who go away, and come back. */
  readonly leavers: readonly number[];
  readonly awayMs: number;
  readonly warmupMs: number;
  readonly steadyMs: number;
}

export type GeneratorPlan = DeliveryPlan | ConnectPlan | ReturnPlan | QuietPlan;

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

/** Time in which nobody comes or goes. */
export interface SteadyWindow {
  readonly windowMs: number;
  readonly published: number;
  readonly delivered: number;
  readonly latenessP99Ms: number;
  readonly usage: WindowUsage;
}

/** What came of clients who were away. */
interface Returned {
  readonly returns: number;
  /** Of these: whom the node knew nothing of, or not enough. */
  readonly begunAnew: number;
  /** Over the whole run, with what was said while clients were away. */
  readonly verdict: RoomVerdict;
  /** Returns after which a node said that nothing was missing, while something was. */
  readonly falselyRecovered: number;
  /** Connections that ended by themselves, and clients who never came back. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
}

export interface ReturnReport extends Returned {
  /** Who did not come back at all. */
  readonly stillAway: number;
  /** From the loss until a client is back and has what it missed, without the pauses that it makes itself. */
  readonly backMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the loss until everybody is back, and a little longer. */
  readonly windowMs: number;
  readonly usage: WindowUsage;
  /** Before and after. */
  readonly steady: readonly SteadyWindow[];
}

export interface QuietReport extends Returned {
  readonly besideBusy: SteadyWindow;
  readonly besideSilent: SteadyWindow;
  /** In all rooms while they were away. */
  readonly saidMeanwhile: number;
  /** From the beginning of an attempt until the client is back and has what it missed. */
  readonly backMs: { readonly p50: number; readonly max: number };
  /** In which they came back, one after the other. */
  readonly windowMs: number;
  readonly usage: WindowUsage;
}

/** What becomes of each kind of plan. */
export interface Reports {
  readonly delivery: DeliveryReport;
  readonly connect: ConnectReport;
  readonly return: ReturnReport;
  readonly quiet: QuietReport;
}

/** What a generator says on stdout, one JSON object per line: a report at the end of its plan. */
export type GeneratorLine =
  | { readonly kind: 'phase'; readonly phase: 'connecting' | 'warming' | 'measuring' | 'settling' }
  | { readonly kind: 'report'; readonly report: Reports[keyof Reports] };
