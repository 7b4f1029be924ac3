import { setTimeout as pause } from 'node:timers/promises';
import {
  createTokenIssuer,
  freePorts,
  startFront,
  startGateway,
  startRedis,
  type Driver,
  type Gateway,
  type Scope,
} from '@sluice/testkit';
import { loadError } from '../errors.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';
import type { ControlAnswer } from './control-requests.ts';
import { countAll } from './gateway-counts.ts';
import { createSlowAddress } from './slow-address.ts';

export interface OwnClusterOptions {
  readonly nodes: number;
  /** Default: the gateway's own. */
  readonly driver: Driver | undefined;
}

/** How long a gateway is ready before the next one is told to end, as with `minReadySeconds` of a Kubernetes deployment. */
const minReadyMs = 1_000;
/** A gateway's own defaults, where those of the test kit are others. */
const asInProduction = { NODE_ENV: 'production', REQUEST_DEADLINE_MS: '' };

/** A place in the cluster: a gateway, and those that follow it under the same name and on the same ports. */
interface Slot {
  gateway: Gateway;
  start(): Promise<void>;
}

/** Starts Redis with an append-only file, gateways, and HAProxy before them. */
export async function startOwnCluster(scope: Scope, options: OwnClusterOptions): Promise<ClusterUnderTest> {
  const { nodes, driver } = options;
  const redis = await startRedis(scope);
  const issuer = createTokenIssuer();
  const startSlot = async (nodeId: string): Promise<Slot> => {
    const [port, operatorPort] = await freePorts(scope, 2);
    const start = (): Promise<Gateway> =>
      startGateway(scope, {
        redisUrl: redis.url,
        nodeId,
        issuer,
        ...(driver === undefined ? {} : { driver }),
        env: { ...asInProduction, PORT: String(port), OPERATOR_PORT: String(operatorPort) },
      });
    const slot: Slot = {
      gateway: await start(),
      async start() {
        slot.gateway = await start();
      },
    };
    return slot;
  };
  const names = Array.from({ length: nodes }, (_, index) => `gateway-${index + 1}`);
  const slots = await Promise.all(names.map(startSlot));
  const front = await startFront(
    scope,
    slots.map(({ gateway }) => gateway),
  );
  let isClosing = false;
  let underWay: Promise<unknown> = Promise.resolve();
  /** Whatever is done is done to its end, or to the end of its step, before the cluster is closed. */
  const inOrder = async (steps: readonly (() => Promise<unknown>)[]): Promise<ControlAnswer> => {
    const act = async (): Promise<void> => {
      for (const step of steps) {
        if (isClosing) throw loadError('not_done', { text: 'The cluster is being closed.' });
        await step();
      }
    };
    const acting = act();
    underWay = Promise.allSettled([underWay, acting]);
    await acting;
    return {};
  };
  // Registered last, and so the first to be called.
  scope.onClose(async () => {
    isClosing = true;
    await underWay;
  });
  return {
    url: front.url,
    jwtSecret: issuer.secret,
    description: `${nodes} gateways${driver === undefined ? '' : ` (${driver})`}, Redis, HAProxy on this machine`,
    controls: {
      roll: () =>
        inOrder(
          slots.flatMap((slot) => [() => slot.gateway.stop(), () => slot.start(), () => pause(minReadyMs)]),
        ),
      crash: ({ downMs }) => {
        const [slot] = slots as [Slot];
        return inOrder([() => slot.gateway.kill(), () => pause(downMs), () => slot.start()]);
      },
      'restart-redis': ({ downMs }) =>
        inOrder([() => redis.kill(), () => pause(downMs), () => redis.restart()]),
      slow: createSlowAddress(scope, front.url),
    },
    counted: () => countAll(slots.map(({ gateway }) => gateway)),
    processes: () => [
      ...slots.map(({ gateway: { nodeId, pid } }) => ({ name: nodeId, pid })),
      { name: 'redis', pid: redis.pid },
      { name: 'haproxy', pid: front.child.pid },
    ],
  };
}
