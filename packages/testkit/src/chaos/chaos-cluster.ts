import { startFaultProxy, type FaultProxy } from '../fault-proxy.ts';
import { startGateway, type Driver } from '../gateway.ts';
import { startRedis, type RedisServer } from '../redis.ts';
import type { Scope } from '../scope.ts';
import { createTokenIssuer, type TokenIssuer } from '../token.ts';

/** A server process of the chat, of whatever make. */
export interface NodeProcess {
  readonly nodeId: string;
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it as a crash does and waits until it is gone. */
  kill(): Promise<void>;
  /** All that it has written. */
  output(): string;
}

export interface NodeRequest {
  readonly nodeId: string;
  readonly redisUrl: string;
  readonly issuer: TokenIssuer;
}

/** Starts a node; resolves once it takes clients. */
export type StartNode = (scope: Scope, request: NodeRequest) => Promise<NodeProcess>;

export type NodeState = 'up' | 'frozen' | 'down';

export interface ChaosClusterOptions {
  readonly nodes: number;
  readonly start: StartNode;
}

/** A place in the cluster: a node, its successors after crashes, and their link to Redis. */
export class NodeSlot {
  readonly name: string;
  readonly redisLink: FaultProxy;
  /** True while a fault has hold of its node. */
  taken = false;
  /** True while a fault has hold of its link. */
  linkTaken = false;
  readonly #startNode: (nodeId: string) => Promise<NodeProcess>;
  #process: NodeProcess | undefined;
  #frozen = false;
  #starts = 0;

  constructor(name: string, redisLink: FaultProxy, startNode: (nodeId: string) => Promise<NodeProcess>) {
    this.name = name;
    this.redisLink = redisLink;
    this.#startNode = startNode;
  }

  get state(): NodeState {
    if (this.#process === undefined) return 'down';
    return this.#frozen ? 'frozen' : 'up';
  }

  get process(): NodeProcess | undefined {
    return this.#process;
  }

  /** Starts a node where there is none; under the name of the one before, or a new one. */
  async start(sameName: boolean): Promise<void> {
    if (this.#process !== undefined) return;
    if (!sameName) this.#starts += 1;
    this.#process = await this.#startNode(`${this.name}-${this.#starts}`);
  }

  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#frozen = false;
    await process?.kill();
  }

  freeze(): void {
    this.#frozen = true;
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#frozen = false;
    this.#process?.signal('SIGCONT');
  }
}

export interface ChaosCluster {
  readonly redis: RedisServer;
  readonly issuer: TokenIssuer;
  readonly slots: readonly NodeSlot[];
  /** Every node that there ever was, oldest first. */
  readonly processes: readonly NodeProcess[];
  /** True while a fault has hold of Redis. */
  redisTaken: boolean;
  /** Ends every fault and brings back what is down. */
  heal(): Promise<void>;
}

/** Starts a Redis and nodes that reach it through a fault proxy each. */
export async function startChaosCluster(scope: Scope, options: ChaosClusterOptions): Promise<ChaosCluster> {
  const redis = await startRedis(scope);
  const issuer = createTokenIssuer();
  const processes: NodeProcess[] = [];
  const slots = await Promise.all(
    Array.from({ length: options.nodes }, async (_, index) => {
      const target = { host: '127.0.0.1', port: redis.port };
      const redisLink = await startFaultProxy(scope, { target, scheme: 'redis' });
      const startNode = async (nodeId: string): Promise<NodeProcess> => {
        const started = await options.start(scope, { nodeId, redisUrl: redisLink.url, issuer });
        processes.push(started);
        return started;
      };
      const slot = new NodeSlot(`node-${index + 1}`, redisLink, startNode);
      await slot.start(false);
      return slot;
    }),
  );
  return {
    redis,
    issuer,
    slots,
    processes,
    redisTaken: false,
    async heal() {
      await Promise.all(
        slots.map(async (slot) => {
          await slot.redisLink.heal();
          slot.thaw();
          await slot.start(true);
        }),
      );
    },
  };
}

/** Gateways that notice a silent client within three seconds and limit nobody's rate. */
export function gatewayStarter(driver: Driver): StartNode {
  const env = {
    PING_INTERVAL_MS: '1000',
    PING_TIMEOUT_MS: '1500',
    REQUEST_DEADLINE_MS: '2000',
    RATE_LIMIT_PER_SECOND: '10000',
    RATE_LIMIT_BURST: '10000',
    HISTORY_MAX_MESSAGES: '1000000',
  };
  return async (scope, request) => {
    const gateway = await startGateway(scope, { ...request, driver, env, until: 'live' });
    return {
      nodeId: gateway.nodeId,
      url: gateway.url,
      signal: (signal) => gateway.child.signal(signal),
      kill: () => gateway.kill(),
      output: () => gateway.child.output.entries.map(({ text }) => `${text}\n`).join(''),
    };
  };
}
