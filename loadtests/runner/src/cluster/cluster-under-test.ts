import type { ControlAnswer, ControlName, ControlRequests } from './control-requests.ts';

/** Resolves when it is done. */
export type Controls = {
  readonly [Name in ControlName]?: (request: ControlRequests[Name]) => Promise<ControlAnswer>;
};

/** A process whose use of the machine is worth a look. */
export interface WatchedProcess {
  readonly name: string;
  readonly pid: number;
}

/** A count of all gateways together, since each began. */
export interface GatewayCount {
  readonly title: string;
  readonly count: number;
}

export interface ClusterUnderTest {
  readonly url: string;
  /** Signs tokens; undefined where the cluster, or somebody else, gives them. */
  readonly jwtSecret: string | undefined;
  /** For people. */
  readonly description: string;
  readonly controls: Controls;
  /** Those that run now, in a fixed order; none of a cluster elsewhere. */
  processes(): readonly WatchedProcess[];
  /** What the gateways that run now have counted; nothing of a cluster elsewhere. */
  counted(): Promise<readonly GatewayCount[]>;
}
