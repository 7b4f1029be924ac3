import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { driverNames } from '@sluice/cluster-adapter';
import { parseRedisUrl } from '@sluice/redis-core';
import { z } from 'zod';

const whole = (fallback: number, min: number, max: number) => {
  const allowed = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(allowed).int(allowed).min(min, allowed).max(max, allowed).default(fallback);
};
const port = (fallback: number) => whole(fallback, 1, 65_535);
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

const redisUrl = z
  .string()
  .default('redis://127.0.0.1:6379')
  .check((context) => {
    try {
      parseRedisUrl(context.value);
    } catch (error) {
      context.issues.push({ code: 'custom', input: '', message: (error as Error).message });
    }
  });

const origin = z
  .string()
  .refine(
    (text) => text === '*' || /^https?:\/\/[^/?#\s]+$/.test(text),
    'must be origins such as https://chat.example, comma-separated, or *',
  );
const dayMs = 86_400_000;
const webUrl = 'must be an http:// or https:// URL without credentials, which every browser would be told';
const ratio = 'must be a number from 0 to 1';

/**
 * Every variable the gateway reads, with what it means. docs/configuration.md is held to this table by a test.
 * Descriptions are for people; a variable marked secret is never shown, not even in part.
 */
export const variables = {
  NODE_ENV: z
    .enum(['development', 'production', 'test'])
    .default('production')
    .describe('`development` adds `POST /auth/dev-token`, which gives a token to anybody who asks'),
  HOST: z.string().min(1).default('0.0.0.0').describe('address that clients connect to'),
  PORT: port(3000).describe('port for clients: Socket.IO, the web app, `/livez`, `/readyz`'),
  OPERATOR_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('address for operators; loopback unless your network keeps others out'),
  OPERATOR_PORT: port(3100).describe('port for operators: `/metrics`, `/node`, `/redis`'),
  NODE_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -')
    .optional()
    .describe(
      'name of this node, unique in the cluster; 1-64 of `A-Z a-z 0-9 _ -`; host name and a random part if unset',
    ),
  REDIS_URL: redisUrl.describe(
    '`redis://` or `rediss://` URL, or `redis-sentinel://host:port,…/masterName`, credentials included (secret)',
  ),
  REDIS_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z 0-9 -, beginning with a letter')
    .default('sluice')
    .describe('first part of every key and channel; clusters that share a Redis need different ones'),
  DRIVER: z
    .enum(driverNames)
    .default('lanes')
    .describe('how nodes hear each other: `lanes`, `streams` or `sharded-pubsub`; the same for all nodes'),
  JWT_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe('HS256 key of access tokens, at least 32 characters (secret)'),
  JWT_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional()
    .describe('where the public keys of access tokens are; instead of `JWT_SECRET`'),
  JWT_ISSUER: z.string().min(1).default('sluice').describe('required `iss` of access tokens'),
  JWT_AUDIENCE: z.string().min(1).default('sluice').describe('required `aud` of access tokens'),
  DEV_TOKEN_TTL_MS: whole(12 * 3_600_000, 1_000, 30 * dayMs).describe('life of a development token, ms'),
  CORS_ORIGINS: list
    .pipe(z.array(origin))
    .describe('origins of browser apps served elsewhere, comma-separated; `*` for all'),
  REQUEST_DEADLINE_MS: whole(5_000, 100, 60_000).describe('how long a request may wait for Redis, ms'),
  IDEMPOTENCY_TTL_MS: whole(600_000, 600_000, 7 * dayMs).describe('how long a `clientId` is remembered, ms'),
  HISTORY_MAX_MESSAGES: whole(10_000, 1, 1_000_000).describe(
    'messages kept per room (approximately: Redis trims in blocks)',
  ),
  HISTORY_MAX_AGE_MS: whole(7 * dayMs, 1_000, 365 * dayMs).describe('age after which messages go, ms'),
  MAX_ROOMS_PER_SOCKET: whole(100, 1, 10_000).describe('rooms one connection may be in'),
  MAX_FRAME_BYTES: whole(65_536, 16_384, 10_485_760).describe(
    'largest frame from a client, bytes; a larger one closes its connection',
  ),
  RATE_LIMIT_PER_SECOND: whole(50, 1, 100_000).describe('events per second from one connection, sustained'),
  RATE_LIMIT_BURST: whole(100, 1, 1_000_000).describe('events one connection may send at once'),
  RATE_LIMIT_DISCONNECT_AFTER: whole(1_000, 1, 10_000_000).describe(
    'refused events, less accepted ones since, at which a connection is closed',
  ),
  MAX_QUEUED_BYTES: whole(4_194_304, 65_536, 1_073_741_824).describe(
    'bytes that may wait for a connection that does not read them; past that it is closed',
  ),
  SPILL_BYTES: whole(1_048_576, 16_384, 1_073_741_824).describe(
    'bytes that may wait for a connection before it is served from the log, at the rate it reads (driver `lanes`)',
  ),
  ON_GAP: z
    .enum(['fresh', 'signal'])
    .default('fresh')
    .describe(
      'where what a client missed is gone: `fresh` begins a new session, `signal` keeps it and emits `sluice:gap` (driver `lanes`)',
    ),
  RECOVERY_WINDOW_MS: whole(120_000, 1_000, dayMs).describe(
    'how long a client may be away and come back as who it was, ms',
  ),
  PING_INTERVAL_MS: whole(25_000, 1_000, 300_000).describe('Engine.IO heartbeat, ms'),
  PING_TIMEOUT_MS: whole(20_000, 1_000, 300_000).describe('how long a heartbeat may go unanswered, ms'),
  DRAIN_MS: whole(0, 0, 300_000).describe(
    'pause at shutdown between `/readyz` 503 and closing connections, ms',
  ),
  SHUTDOWN_GRACE_MS: whole(10_000, 100, 300_000).describe('time to end in after that, ms'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('least severe log line written'),
  WEB_ROOT: z
    .string()
    .min(1)
    .default(fileURLToPath(new URL('../../web/dist/', import.meta.url)))
    .describe('folder of the built web app'),
  METRICS: z
    .enum(['on', 'off'])
    .default('on')
    .describe('`off` counts nothing: `/metrics` is empty, and nothing of it is exported'),
  TRACE_NAMES: list
    .pipe(z.array(z.enum(['rooms', 'users'], 'must be rooms, users or both, comma-separated')))
    .describe('whose names spans may hold: `rooms`, `users` or both, comma-separated; neither if unset'),
  TRACE_MAX_RECIPIENTS: whole(10, 0, 10_000).describe(
    'clients of this node that are told the trace context of one event, at most',
  ),
  BROWSER_OTLP_TRACES_ENDPOINT: z
    .url({ protocol: /^https?$/, error: webUrl })
    .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), webUrl)
    .optional()
    .describe(
      'where the web app sends its spans (OTLP/HTTP, JSON), such as `https://otel.example/v1/traces`',
    ),
  BROWSER_TRACES_RATIO: z.coerce
    .number(ratio)
    .min(0, ratio)
    .max(1, ratio)
    .default(1)
    .describe('share of its messages that the web app traces, 0 to 1'),
} as const;

const schema = z.object(variables);

type Given = Readonly<Partial<Record<keyof typeof variables, string>>>;

/** What is wrong between variables, told beside what is wrong with each. */
function contradictions(given: Given): string[] {
  const faults: string[] = [];
  const hasSecret = given.JWT_SECRET !== undefined;
  const hasKeys = given.JWT_JWKS_URL !== undefined;
  if (hasSecret === hasKeys) faults.push('JWT_SECRET, JWT_JWKS_URL: exactly one of them must be set');
  else if (hasKeys && given.NODE_ENV === 'development') {
    faults.push('JWT_JWKS_URL: development signs its own tokens and needs JWT_SECRET instead');
  }
  if (Number(given.PORT ?? 3000) === Number(given.OPERATOR_PORT ?? 3100)) {
    faults.push('PORT, OPERATOR_PORT: must be different');
  }
  return faults;
}

export type Config = Readonly<z.output<typeof schema>> & { readonly NODE_ID: string };

export type ConfigResult =
  | { readonly kind: 'valid'; readonly config: Config }
  | { readonly kind: 'faulty'; readonly faults: readonly string[] };

/** Checks all variables at once. A fault says the variable, what is wrong and what is allowed, never the value. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const given: Given = Object.fromEntries(
    Object.keys(variables).map((name) => {
      const value = environment[name];
      // An empty variable is an unset one: compose files and shells cannot always leave one out.
      return [name, value === '' ? undefined : value];
    }),
  );
  const result = schema.safeParse(given);
  const faults = [
    ...(result.error?.issues ?? []).map((issue) => describe(issue, given)),
    ...contradictions(given),
  ];
  if (!result.success || faults.length > 0) return { kind: 'faulty', faults: [...new Set(faults)] };
  const NODE_ID = result.data.NODE_ID ?? defaultNodeId();
  return { kind: 'valid', config: Object.freeze({ ...result.data, NODE_ID }) };
}

function describe(issue: z.core.$ZodIssue, given: Given): string {
  const name = issue.path[0] as keyof Given;
  const value = given[name];
  const shape = value === undefined ? 'not set' : `${value.length} characters given`;
  return `${name} (${shape}): ${issue.message}`;
}

function defaultNodeId(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 50);
  return `${host}-${randomBytes(3).toString('hex')}`;
}
