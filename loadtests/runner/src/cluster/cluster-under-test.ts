/** What can be asked to be done to a cluster, with what is said about it. */
interface ControlRequests {
  /** Restart the gateways one after the other. */
  readonly roll: object;
  readonly crash: { readonly downMs: number };
  readonly 'restart-redis': { readonly downMs: number };
  /** 0: as fast as one likes. */
  readonly slow: { readonly bytesPerSecond: number };
}

export type ControlName = keyof ControlRequests;

export interface ControlAnswer {
  /** Of `slow`: where to connect. */
  readonly address?: string;
}

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
