import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { ClusterDriver, RecoveryOutcome } from '@sluice/cluster-adapter';
import type { CodedError } from '@sluice/kernel';
import {
  protocolError,
  type ClientToServerEvents,
  type ProtocolErrorCode,
  type ServerToClientEvents,
  type SessionReady,
} from '@sluice/protocol';
import { disconnectReasons, oneOf, traced, transports, within, type Traced } from '@sluice/telemetry';
import type { Logger } from 'pino';
import { Server, type DefaultEventsMap, type ServerOptions, type Socket } from 'socket.io';
import type { TokenVerifier } from '../auth/token-verifier.ts';
import { tracer, type GatewayTracing } from '../gateway-tracing.ts';
import type { Metrics } from '../metrics.ts';
import { observeSockets } from '../observe-sockets.ts';
import { isOccasion } from '../occasionally.ts';

interface SocketData {
  user: string;
}

export type ChatSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;
export type ChatServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;

export interface ChatServerDependencies {
  readonly http: HttpServer;
  readonly driver: ClusterDriver;
  readonly verifier: TokenVerifier;
  readonly dispatch: (socket: ChatSocket) => void;
  readonly metrics: Metrics;
  readonly tracing: GatewayTracing;
  readonly logger: Logger;
  /** True once shutdown has begun: no more connections are let in. */
  readonly closing: () => boolean;
}

export interface ChatServerOptions {
  readonly nodeId: string;
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly recoveryWindowMs: number;
  readonly corsOrigins: readonly string[];
}

// A client that opens a connection and never says who it is holds it no longer than this.
const handshakeMs = 10_000;

export function createChatServer(deps: ChatServerDependencies, options: ChatServerOptions): ChatServer {
  const { driver, metrics, tracing, logger } = deps;
  let faults = 0;
  const io: ChatServer = new Server(deps.http, serverOptions(driver, options));
  // The id begins with the node's name, so that a load balancer can send every request of a long-polling session to
  // the node that holds it, by the `sid` in its query: many clients keep no cookies.
  io.engine.generateId = () => `${options.nodeId}.${randomBytes(15).toString('base64url')}`;
  io.adapter(driver.adapter);
  observeSockets(io, metrics);

  io.use((socket, next) => {
    const admission = tracing.connect(socket);
    letIn(socket, deps, admission).then(
      () => next(),
      (cause: unknown) => {
        const error = protocolError.is(cause) ? cause : protocolError('internal', { cause });
        // What the client did wrong it is told. What is wrong here, operators are.
        if (error.cause !== undefined && (error.retryable || error.code === 'internal')) {
          faults += 1;
          const level = isOccasion(faults) ? 'error' : 'debug';
          within(admission?.context, () => logger[level]({ err: cause }, 'handshake failed'));
        }
        metrics.refused.inc({ code: error.code });
        tracing.connected(socket, error.code);
        next(refusal(error));
      },
    );
  });

  // Of the request that opened a connection nothing is needed any more; it weighs more than a kilobyte.
  io.engine.on('connection', (conn: { request: unknown }) => {
    conn.request = null;
  });
  io.on('connection', (socket) => {
    // The token has been checked, and need not lie in memory for as long as its user stays.
    socket.handshake.auth = {};
    const { user } = socket.data;
    metrics.connected.inc({ transport: oneOf(transports, socket.conn.transport.name, 'other') });
    const { recovered } = socket;
    const reason = freshReason(driver.recoveryOf(socket as Socket));
    metrics.sessions.inc({ outcome: recovered ? 'recovered' : (reason ?? 'fresh') });
    within(tracing.admissionOf(socket), () =>
      logger.info({ user, socketId: socket.id, recovered, reason }, 'connected'),
    );
    socket.on('disconnect', (cause) => {
      metrics.disconnected.inc({ reason: oneOf(disconnectReasons, cause, 'other') });
      logger.info({ user, socketId: socket.id, reason: cause }, 'disconnected');
    });
    driver.replayMissed(socket as Socket);
    const ready = (): void => {
      // With recovery on, a plain emit to one socket is written to the log.
      socket.nsp.local.to(socket.id).emit('session:ready', {
        user,
        nodeId: options.nodeId,
        recovered,
        ...(reason !== undefined && { reason }),
      });
      tracing.connected(socket, 'ok');
    };
    const caughtUp = driver.caughtUp(socket as Socket);
    if (caughtUp === undefined) ready();
    else void caughtUp.then(ready);
    deps.dispatch(socket);
  });
  return io;
}

function serverOptions(driver: ClusterDriver, options: ChatServerOptions): Partial<ServerOptions> {
  const { corsOrigins } = options;
  return {
    serveClient: false,
    connectTimeout: handshakeMs,
    maxHttpBufferSize: options.maxFrameBytes,
    pingInterval: options.pingIntervalMs,
    pingTimeout: options.pingTimeoutMs,
    ...(corsOrigins.length > 0 && {
      cors: { origin: corsOrigins.includes('*') ? '*' : [...corsOrigins] },
    }),
    ...(driver.recovers && {
      connectionStateRecovery: {
        maxDisconnectionDuration: options.recoveryWindowMs,
        // A recovered socket proves who it is like any other.
        skipMiddlewares: false,
      },
    }),
  };
}

function freshReason(outcome: RecoveryOutcome | undefined): SessionReady['reason'] {
  return outcome === undefined || outcome.kind === 'recovered' ? undefined : outcome.reason;
}

/** Resolves where the socket may connect, with its user set. Throws the protocol error that refuses it. */
async function letIn(
  socket: ChatSocket,
  deps: ChatServerDependencies,
  admission: Traced | undefined,
): Promise<void> {
  if (deps.closing()) throw protocolError('shutting_down');
  const { token } = socket.handshake.auth as { token?: unknown };
  const began = performance.now();
  const done = (outcome: 'ok' | 'refused'): void =>
    deps.metrics.authenticated.observe({ outcome }, (performance.now() - began) / 1_000);
  const checked = traced(tracer, 'authenticate', {}, () => deps.verifier.verify(token), admission?.context);
  checked.then(
    () => done('ok'),
    () => done('refused'),
  );
  const user = await checked;
  // A session belongs to its user: one that was recovered with somebody else's token is not theirs. (Driver `lanes`
  // restores only once this has returned, and only what is the user's.)
  if (socket.recovered && socket.data.user !== user) throw protocolError('unauthorized');
  if (!deps.driver.attached) throw protocolError('unavailable');
  socket.data.user = user;
}

function refusal(error: CodedError<ProtocolErrorCode>): Error {
  const refused = new Error(error.message);
  return Object.assign(refused, { data: { code: error.code, retryable: error.retryable } });
}
