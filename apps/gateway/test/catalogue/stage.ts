import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startCluster,
  startOtlpReceiver,
  type Cluster,
  type Driver,
  type Gateway,
  type OtlpReceiver,
  type Scope,
} from '@sluice/testkit';
import type { Due } from './coverage.ts';
import { Observatory } from './observatory.ts';

/** Two gateways that tell everything, and what looks at them. */
export interface Stage {
  /** Of the scene that is being played. */
  readonly scope: Scope;
  readonly driver: Driver;
  readonly cluster: Cluster;
  readonly one: Gateway;
  readonly two: Gateway;
  readonly receiver: OtlpReceiver;
  readonly observatory: Observatory;
  /** Starts one more, that is looked at too. */
  readonly start: (nodeId: string, env?: Readonly<Record<string, string>>) => Promise<Gateway>;
}

/** A name in WEB_ROOT that leads to nothing but itself: it is there, and cannot be read. */
export const unreadable = 'unreadable';

export async function openStage(scope: Scope, driver: Driver, dues: readonly Due[]): Promise<Stage> {
  const receiver = await startOtlpReceiver(scope);
  const observatory = new Observatory(dues);
  observatory.hear(receiver);
  const cluster = await startCluster(scope, {
    nodes: 2,
    driver,
    env: { ...telling(receiver, driver), ...touchy, WEB_ROOT: webRoot(scope) },
  });
  for (const gateway of cluster.gateways) observatory.watch(gateway);
  return {
    scope,
    driver,
    cluster,
    one: cluster.gateway(0),
    two: cluster.gateway(1),
    receiver,
    observatory,
    async start(nodeId, env) {
      const gateway = await cluster.add(nodeId, env);
      observatory.watch(gateway);
      return gateway;
    },
  };
}

/** All that can be told, soon after it has happened. */
function telling({ url }: OtlpReceiver, driver: Driver): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: driver === 'streams' ? 'http/json' : 'http/protobuf',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
    OTEL_METRIC_EXPORT_INTERVAL: '500',
    OTEL_METRIC_EXPORT_TIMEOUT: '400',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    // What four clients may say at once is too much for it, and what one says is not.
    OTEL_BSP_MAX_QUEUE_SIZE: '256',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '128',
    // Names are attributes, too.
    TRACE_NAMES: 'rooms,users',
  };
}

/** Limits that are soon reached, but for deadlines: what waits for Redis waits for as long as a scene may take. */
const touchy = {
  REQUEST_DEADLINE_MS: '60000',
  NODE_ENV: 'development',
  ON_GAP: 'signal',
  SPILL_BYTES: '16384',
  MAX_QUEUED_BYTES: '65536',
  // However slowly a client gets to say it.
  RATE_LIMIT_PER_SECOND: '1',
  RATE_LIMIT_BURST: '100',
  RATE_LIMIT_DISCONNECT_AFTER: '100',
  // Who does not read cannot answer a heartbeat either.
  PING_TIMEOUT_MS: '300000',
};

function webRoot(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-web-'));
  scope.onClose(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(unreadable, join(folder, unreadable));
  return folder;
}
