import { createServer } from 'node:http';
import { createClusterDriver } from '@sluice/cluster-adapter';
import { sequence, type Lifecycle } from '@sluice/kernel';
import { createRedisCore, type RedisCore } from '@sluice/redis-core';
import { createTelemetry, faultOperations, oneOf, type TelemetrySettings } from '@sluice/telemetry';
import type { Logger } from 'pino';
import { createDevTokenIssuer } from './auth/dev-token.ts';
import { createTokenVerifier } from './auth/token-verifier.ts';
import { createChatEvents, isChatRoom } from './chat/chat-events.ts';
import { createChatServer } from './chat/chat-server.ts';
import { createDispatcher } from './chat/dispatcher.ts';
import { createSlowConsumerGuard } from './chat/slow-consumers.ts';
import type { Config } from './config.ts';
import { createClientApp } from './http/client-app.ts';
import { clientConfig } from './http/client-config.ts';
import { createListener } from './http/listener.ts';
import { createOperatorApp } from './http/operator-app.ts';
import { GatewayTracing } from './gateway-tracing.ts';
import { createLogLevel } from './log-level.ts';
import { createMetrics, observeNode, type Metrics } from './metrics.ts';
import type { Registry } from 'prom-client';
import { observeAdapter } from './observe-adapter.ts';
import { isOccasion } from './occasionally.ts';
import { createReadinessLog } from './readiness-log.ts';

/** One node, composed. Opens nothing before `start`; `stop` drains first, then closes what clients see, then Redis. */
export async function createGateway(
  config: Config,
  telemetrySettings: TelemetrySettings,
  logger: Logger,
  version: string,
): Promise<Lifecycle> {
  const { metrics, registry } = createMetrics(config.METRICS === 'on');
  const tracing = new GatewayTracing(metrics, { namesUsers: config.TRACE_NAMES.includes('users') });
  const core = createCore(config, metrics, logger);
  const faults = new Map<string, number>();
  const driver = await createClusterDriver(core, {
    driver: config.DRIVER,
    nodeId: config.NODE_ID,
    recoveryWindowMs: config.RECOVERY_WINDOW_MS,
    publishDeadlineMs: config.REQUEST_DEADLINE_MS,
    onGap: config.ON_GAP,
    maxQueuedBytes: config.SPILL_BYTES,
    userOf: (socket) => (socket.data as { user?: string }).user ?? '',
    tracing: {
      template: (room) => (isChatRoom(room) ? 'room:{room}' : '{socket}'),
      namesRooms: config.TRACE_NAMES.includes('rooms'),
      contextOf: (socket) => tracing.admissionOf(socket),
      wants: (socket) => tracing.wantsTrace(socket),
      maxTold: config.TRACE_MAX_RECIPIENTS,
    },
    onObserved: (observation) => observeAdapter(observation, metrics, logger),
    log: {
      maxEntries: config.HISTORY_MAX_MESSAGES,
      maxAgeMs: config.HISTORY_MAX_AGE_MS,
      idempotencyTtlMs: config.IDEMPOTENCY_TTL_MS,
    },
    ephemeralEvents: ['typing:changed'],
    onFault: ({ operation, cause }) => {
      metrics.driverFaults.inc({ operation: oneOf(faultOperations, operation, 'other') });
      const count = (faults.get(operation) ?? 0) + 1;
      faults.set(operation, count);
      logger[occasionally(count)]({ operation, count, err: cause }, 'driver fault');
    },
  });

  // Draining keeps new connections away through the load balancer; a client that comes all the same is let in, since
  // a refusal would end its own reconnecting. Closing refuses.
  let draining = false;
  let closing = false;
  const ready = (): boolean => !draining && driver.ready;
  const jwt = { issuer: config.JWT_ISSUER, audience: config.JWT_AUDIENCE };
  const http = createServer(
    createClientApp({
      nodeId: config.NODE_ID,
      ready,
      issueDevToken: devTokens(config),
      webRoot: config.WEB_ROOT,
      clientConfig: clientConfig(config),
      logger,
    }),
  );
  const io = createChatServer(
    {
      http,
      driver,
      verifier: createTokenVerifier({
        key:
          config.JWT_JWKS_URL === undefined
            ? { kind: 'secret', secret: config.JWT_SECRET ?? '' }
            : { kind: 'jwks', url: config.JWT_JWKS_URL },
        ...jwt,
      }),
      dispatch: createDispatcher({
        events: createChatEvents({
          driver,
          maxRooms: config.MAX_ROOMS_PER_SOCKET,
          deadlineMs: config.REQUEST_DEADLINE_MS,
          onPublished: (outcome, tookMs) => {
            if (outcome !== 'failed') metrics.messages.inc({ outcome });
            metrics.publishSeconds.observe(
              { outcome: outcome === 'failed' ? 'failed' : 'ok' },
              tookMs / 1_000,
            );
          },
        }),
        limit: {
          perSecond: config.RATE_LIMIT_PER_SECOND,
          burst: config.RATE_LIMIT_BURST,
          disconnectAfter: config.RATE_LIMIT_DISCONNECT_AFTER,
        },
        metrics,
        tracing,
        logger,
      }),
      metrics,
      tracing,
      logger,
      closing: () => closing,
    },
    {
      nodeId: config.NODE_ID,
      maxFrameBytes: config.MAX_FRAME_BYTES,
      pingIntervalMs: config.PING_INTERVAL_MS,
      pingTimeoutMs: config.PING_TIMEOUT_MS,
      recoveryWindowMs: config.RECOVERY_WINDOW_MS,
      corsOrigins: config.CORS_ORIGINS,
    },
  );

  const startedAt = performance.now();
  const figures = {
    connections: () => io.sockets.sockets.size,
    rooms: () => [...io.sockets.adapter.rooms.keys()].filter(isChatRoom).length,
    ready,
  };
  const slowConsumers = createSlowConsumerGuard(
    { io, logger, onClosed: () => metrics.slowConsumers.inc({}) },
    config.MAX_QUEUED_BYTES,
  );
  observeNode(metrics, { ...figures, queued: slowConsumers.queued }, core, driver);
  const operators = createServer(
    createOperatorApp({
      registry,
      core,
      logLevel: createLogLevel(logger),
      node: () => ({
        nodeId: config.NODE_ID,
        pid: process.pid,
        version,
        driver: driver.driver,
        uptimeMs: Math.round(performance.now() - startedAt),
        connections: figures.connections(),
        rooms: figures.rooms(),
        ready: ready(),
      }),
    }),
  );

  const parts = sequence(
    'gateway',
    [
      telemetryOf(config, telemetrySettings, registry, metrics, logger, version),
      core,
      driver,
      createListener('operators', operators, { host: config.OPERATOR_HOST, port: config.OPERATOR_PORT }),
      createListener('clients', http, { host: config.HOST, port: config.PORT }, () => io.close()),
      slowConsumers,
      // From the process's own beginning, loading included.
      createReadinessLog(ready, logger, 0),
    ],
    { now: () => performance.now() },
  );
  return {
    name: parts.name,
    start: (signal) => parts.start(signal),
    async stop(deadlineMs) {
      if (!draining && config.DRAIN_MS > 0) {
        draining = true;
        await new Promise((resolve) => setTimeout(resolve, config.DRAIN_MS));
      }
      draining = true;
      closing = true;
      await parts.stop(deadlineMs);
    },
  };
}

function createCore(config: Config, metrics: Metrics, logger: Logger): RedisCore {
  return createRedisCore({
    url: config.REDIS_URL,
    prefix: config.REDIS_PREFIX,
    nodeId: config.NODE_ID,
    tuning: { deadlineMs: config.REQUEST_DEADLINE_MS },
    onCommand({ role, outcome, tookMs }) {
      metrics.commands.inc({ role, outcome });
      metrics.commandSeconds.observe({ role }, tookMs / 1_000);
    },
    onStatus: (status) => {
      switch (status.kind) {
        case 'opened':
          metrics.opened.inc({ role: status.role });
          logger.info({ connection: status.name }, 'redis connection opened');
          break;
        case 'lost':
          metrics.lost.inc({ role: status.role });
          logger.warn({ connection: status.name, err: status.cause }, 'redis connection lost');
          break;
        case 'retryScheduled': {
          const { name: connection, attempt, delayMs, cause } = status;
          logger[occasionally(attempt)](
            { connection, attempt, delayMs, err: cause },
            'redis connection will be tried again',
          );
          break;
        }
        case 'listenerFailed':
          metrics.driverFaults.inc({ operation: 'deliver' });
          logger.error({ err: status.cause }, 'a subscription listener failed');
          break;
      }
    },
  });
}

function telemetryOf(
  config: Config,
  settings: TelemetrySettings,
  registry: Registry,
  metrics: Metrics,
  logger: Logger,
  version: string,
): Lifecycle {
  let said = 0;
  return createTelemetry(
    settings,
    { serviceName: 'sluice-gateway', instanceId: config.NODE_ID, version },
    {
      registry,
      counts: {
        exported: (signal, outcome, count) => metrics.exports.inc({ signal, outcome }, count),
        spansDropped: (count) => metrics.spansDropped.inc({}, count),
      },
      onWarning(text) {
        said += 1;
        logger[occasionally(said)]({ said: text, count: said }, 'telemetry');
      },
    },
  );
}

function occasionally(count: number): 'warn' | 'debug' {
  return isOccasion(count) ? 'warn' : 'debug';
}

function devTokens(config: Config): ReturnType<typeof createDevTokenIssuer> | undefined {
  if (config.NODE_ENV !== 'development' || config.JWT_SECRET === undefined) return undefined;
  return createDevTokenIssuer({
    secret: config.JWT_SECRET,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    ttlMs: config.DEV_TOKEN_TTL_MS,
    now: () => Date.now(),
  });
}
