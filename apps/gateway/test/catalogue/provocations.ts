import type { LabelValues, metricCatalogue, spanCatalogue } from '@sluice/telemetry';
import type { Driver } from '@sluice/testkit';

const everywhere = ['lanes', 'streams', 'sharded-pubsub'] as const satisfies readonly Driver[];
const lanes = ['lanes'] as const satisfies readonly Driver[];
const official = ['streams', 'sharded-pubsub'] as const satisfies readonly Driver[];

/** What is done to a cluster, in this order, and over which drivers. */
export const scenes = {
  visits: everywhere,
  refusals: everywhere,
  talk: everywhere,
  operators: everywhere,
  'wrong types': everywhere,
  'foreign payload': lanes,
  flood: everywhere,
  'greedy reader': everywhere,
  'slow reader': lanes,
  returns: ['lanes', 'streams'],
  outage: everywhere,
  'deaf collector': everywhere,
  ends: lanes,
} as const satisfies Record<string, readonly Driver[]>;

export type SceneName = keyof typeof scenes;

/** What a scene is to show of an entry. */
export interface Provocation<Labels = unknown> {
  readonly scene: SceneName;
  readonly drivers: readonly Driver[];
  /** Of a metric: of the series with exactly these labels, … */
  readonly labels: Labels;
  /** … that it came to such a value in the scene: a histogram by its count. Default: it rose, or a gauge is above 0. */
  readonly shows?: ((value: number) => boolean) | undefined;
  /** Of a line of the log: true where only the first of many is written, which may have been in an earlier scene. */
  readonly isRare?: boolean | undefined;
}

interface Rest extends Pick<Provocation, 'shows' | 'isRare'> {
  /** Not over all of the scene's drivers. */
  readonly over?: readonly Driver[];
}

function by<const Labels = object>(
  scene: SceneName,
  labels?: Labels,
  { over, shows, isRare }: Rest = {},
): Provocation<Labels> {
  const drivers: readonly Driver[] = scenes[scene];
  return {
    scene,
    drivers: over === undefined ? drivers : drivers.filter((driver) => over.includes(driver)),
    labels: labels as Labels,
    shows,
    isRare,
  };
}

type LabelSet<Labels extends LabelValues> = { readonly [Name in keyof Labels]: Labels[Name][number] };

/** Of each entry of the catalogue what provokes it, so that an entry without does not compile. */
export type MetricProvocations = {
  readonly [Name in keyof typeof metricCatalogue]: readonly Provocation<
    LabelSet<(typeof metricCatalogue)[Name]['labels']>
  >[];
};
export type SpanProvocations = Readonly<
  Record<(typeof spanCatalogue)[number]['name'], readonly Provocation[]>
>;

const isZero = (value: number): boolean => value === 0;

export const metricProvocations: MetricProvocations = {
  connections: [by('visits')],
  rooms: [by('visits')],
  ready: [by('outage', {}, { shows: isZero })],
  connected: [by('visits', { transport: 'websocket' }), by('visits', { transport: 'polling' })],
  refused: [
    by('refusals', { code: 'unauthorized' }),
    by('refusals', { code: 'token_expired' }),
    by('ends', { code: 'unavailable' }),
  ],
  authenticated: [by('visits', { outcome: 'ok' }), by('refusals', { outcome: 'refused' })],
  transportErrors: [
    by('refusals', { code: '0' }),
    by('refusals', { code: '1' }),
    by('refusals', { code: '2' }),
    by('refusals', { code: '5' }),
  ],
  upgraded: [by('visits')],
  disconnected: [
    by('visits', { reason: 'client namespace disconnect' }),
    by('visits', { reason: 'transport close' }),
    by('flood', { reason: 'server namespace disconnect' }),
    by('greedy reader', { reason: 'forced close' }),
  ],
  closed: [
    by('visits', { code: '1011' }),
    by('visits', { code: '1006' }),
    by('visits', { code: 'application' }),
  ],
  joined: [by('talk')],
  left: [by('talk')],
  events: [
    by('talk', { event: 'room:join', outcome: 'ok' }),
    by('talk', { event: 'room:leave', outcome: 'ok' }),
    by('talk', { event: 'message:send', outcome: 'ok' }),
    by('talk', { event: 'history:read', outcome: 'ok' }),
    by('talk', { event: 'typing:set', outcome: 'ok' }),
    by('talk', { event: 'unknown', outcome: 'unknown_event' }),
    by('talk', { event: 'message:send', outcome: 'missing_ack' }),
    by('talk', { event: 'history:read', outcome: 'not_joined' }),
    by('wrong types', { event: 'message:send', outcome: 'internal' }),
    by('flood', { event: 'room:leave', outcome: 'rate_limited' }),
  ],
  sent: [
    by('talk', { event: 'session:ready' }),
    by('talk', { event: 'message:new' }),
    by('talk', { event: 'typing:changed' }),
    by('talk', { event: 'request:failed' }),
    by('slow reader', { event: 'sluice:gap' }),
  ],
  requestSeconds: [by('talk', { event: 'message:send' }), by('talk', { event: 'unknown' })],
  floods: [by('flood')],
  sessions: [
    by('visits', { outcome: 'new' }, { over: lanes }),
    by('visits', { outcome: 'off' }, { over: lanes }),
    by('visits', { outcome: 'fresh' }, { over: official }),
    by('returns', { outcome: 'recovered' }),
  ],
  gaps: [by('slow reader')],
  replayed: [by('returns', { kind: 'recovered' }, { over: lanes }), by('slow reader', { kind: 'resumed' })],
  queuedBytes: [by('greedy reader')],
  queuedBytesMax: [by('greedy reader')],
  spilled: [by('slow reader')],
  resumeSeconds: [by('slow reader')],
  slowConsumers: [by('greedy reader')],
  fenced: [by('returns', {}, { over: lanes })],
  traceparents: [by('talk', { outcome: 'accepted' }), by('talk', { outcome: 'invalid' })],
  connectionUp: [
    by('visits', { connection: 'commands' }),
    by('visits', { connection: 'subscriber' }),
    by('visits', { connection: 'reader:adapter' }, { over: ['streams'] }),
    by('outage', { connection: 'commands' }, { shows: isZero }),
  ],
  roundTripSeconds: [by('visits', { connection: 'commands' }), by('visits', { connection: 'subscriber' })],
  opened: [by('outage', { role: 'commands' }), by('outage', { role: 'subscriber' })],
  lost: [by('outage', { role: 'commands' }), by('outage', { role: 'subscriber' })],
  commands: [
    by('talk', { role: 'commands', outcome: 'ok' }),
    by('talk', { role: 'subscriber', outcome: 'ok' }, { over: ['lanes', 'sharded-pubsub'] }),
    by('talk', { role: 'reader', outcome: 'ok' }, { over: ['streams'] }),
    by('wrong types', { role: 'commands', outcome: 'redis_refused' }),
    by('outage', { role: 'commands', outcome: 'redis_connection_lost' }, { over: lanes }),
    by('outage', { role: 'commands', outcome: 'redis_unavailable' }, { over: lanes }),
  ],
  commandSeconds: [by('talk', { role: 'commands' })],
  outstanding: [by('outage')],
  channels: [by('visits')],
  messages: [by('talk', { outcome: 'new' }), by('talk', { outcome: 'duplicate' })],
  publishSeconds: [by('talk', { outcome: 'ok' }), by('wrong types', { outcome: 'failed' })],
  deliveryLagSeconds: [by('talk', {}, { over: lanes })],
  canarySeconds: [by('visits', {}, { over: lanes })],
  outboxPublications: [by('outage', {}, { over: lanes })],
  outboxBytes: [by('outage', {}, { over: lanes })],
  logEntries: [by('slow reader')],
  logTrimmed: [by('slow reader')],
  driverFaults: [
    by('foreign payload', { operation: 'deliver' }),
    by('outage', { operation: 'beat' }, { over: lanes }),
    by('wrong types', { operation: 'write session' }, { over: lanes }),
    by('outage', { operation: 'read' }, { over: ['streams'] }),
    by('wrong types', { operation: 'catch up' }, { over: ['sharded-pubsub'] }),
  ],
  exports: [
    by('talk', { signal: 'traces', outcome: 'ok' }),
    by('talk', { signal: 'metrics', outcome: 'ok' }),
    by('deaf collector', { signal: 'traces', outcome: 'failed' }),
    by('deaf collector', { signal: 'metrics', outcome: 'failed' }),
  ],
  spansDropped: [by('deaf collector')],
};

export const spanProvocations: SpanProvocations = {
  connect: [by('visits')],
  authenticate: [by('visits')],
  recover: [by('returns', {}, { over: lanes })],
  replay: [by('returns', {}, { over: lanes })],
  resume: [by('slow reader')],
  'write session': [by('visits', {}, { over: lanes })],
  'process <event>': [by('talk')],
  'handle <event>': [by('talk')],
  'send <template>': [by('talk')],
  'process <template>': [by('talk')],
  '<COMMAND>': [by('talk')],
  'POST /auth/dev-token': [by('operators')],
};

/** By text. The test says so where one of the catalogue is missing here. */
export const logProvocations: Readonly<Record<string, readonly Provocation[]>> = {
  'gateway listening': [by('ends')],
  'gateway ready': [by('ends'), by('outage')],
  'gateway not ready': [by('outage')],
  'gateway stopping': [by('ends')],
  'gateway stopped': [by('ends')],
  'gateway stopped with errors': [by('ends')],
  'gateway did not stop in time': [by('outage', {}, { over: lanes })],
  'second signal: leaving at once': [by('ends')],
  'gateway could not start': [by('ends')],
  connected: [by('visits')],
  disconnected: [by('visits')],
  'handshake failed': [by('ends')],
  'event failed': [by('wrong types')],
  'closing a flooding connection': [by('flood')],
  'closing a connection that does not read': [by('greedy reader')],
  'a connection that reads slowly is served from the log': [by('slow reader')],
  'a connection has caught up from the log': [by('slow reader')],
  'events were trimmed or lost before they were read': [by('slow reader')],
  'request failed': [by('operators')],
  'redis connection opened': [by('outage')],
  'redis connection lost': [by('outage')],
  'redis connection will be tried again': [by('outage')],
  'a subscription listener failed': [by('foreign payload')],
  'driver fault': [
    by('wrong types', {}, { over: ['lanes', 'sharded-pubsub'], isRare: true }),
    by('outage', {}, { over: ['streams'], isRare: true }),
  ],
  'log level changed': [by('operators')],
  telemetry: [by('deaf collector', {}, { isRare: true })],
};
