import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  collectorAvailable,
  connect,
  connectRefused,
  eventually,
  metricTotal,
  openScope,
  startCluster,
  startCollector,
  startOtlpReceiver,
  type Client,
  type Cluster,
  type Gateway,
  type OtlpSpan,
} from '@sluice/testkit';
import { contextIn, exporting, only, remote, say, traceOf, type TraceSink } from './tracing-support.ts';

const suite = openScope(afterAll);
const each = openScope(afterEach);

/** The same in every test here, with whatever a test adds to what a client presents. */
async function listen(gateway: Gateway, user: string, extra: object = {}): Promise<Client> {
  const auth = { token: await gateway.issuer.token(user), trace: 'on', ...extra };
  return connect(each, gateway, { user, auth, socket: { reconnection: true, reconnectionDelay: 50 } });
}

/** True once there is a span by each of these names. */
function having(...names: string[]): (spans: readonly OtlpSpan[]) => boolean {
  return (spans) => names.every((wanted) => spans.some(({ name }) => name === wanted));
}

const nodeOf = ({ resource }: OtlpSpan): unknown => resource['service.instance.id'];

// Hands on what it is sent as it comes.
const passing = `
receivers: { otlp: { protocols: { http: } } }
processors: { batch: { timeout: 10ms } }
exporters: { otlp_http: { endpoint: "http://trace-store.invalid" } }
service: { pipelines: { traces: { receivers: [otlp], processors: [batch], exporters: [otlp_http] } } }
`;

let otlp: TraceSink;
let cluster: Cluster;

describe('driver lanes', () => {
  beforeAll(async () => {
    // The real Collector where the machine could build it.
    otlp = collectorAvailable()
      ? await startCollector(suite, { config: passing })
      : await startOtlpReceiver(suite);
    cluster = await startCluster(suite, { nodes: 2, driver: 'lanes', env: exporting(otlp) });
  });

  test('one trace leads from a client’s emit over both nodes to the client that hears it', async () => {
    const [one, two] = [cluster.gateway(0), cluster.gateway(1)];
    const sender = await connect(each, one, { user: 'ada' });
    const hearer = await listen(two, 'bob');
    const deaf = await connect(each, two, { user: 'eve' });
    for (const client of [sender, hearer, deaf]) await client.join('traced');
    // With the first message to be published, Redis is given the script.
    await say(sender, 'traced', 'first');
    const emit = remote();
    const id = await say(sender, 'traced', 'hello', emit.traceparent);
    const heard = await hearer.untilText('traced', 'hello');
    const spans = await traceOf(
      otlp,
      emit,
      (its) => its.filter(({ name }) => name === 'process room:{room}').length === 2 && its.length >= 6,
    );

    const receipt = only(spans, 'process message:send');
    expect(receipt).toMatchObject({
      kind: 'CONSUMER',
      parentSpanId: emit.spanId,
      attributes: {
        'messaging.system': 'socket.io',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'message:send',
        'sluice.outcome': 'ok',
      },
      resource: { 'service.name': 'sluice-gateway', 'service.instance.id': 'gateway-1' },
    });
    const handler = only(spans, 'handle message:send');
    expect(handler).toMatchObject({ kind: 'INTERNAL', parentSpanId: receipt.spanId });
    const send = only(spans, 'send room:{room}');
    expect(send).toMatchObject({
      kind: 'PRODUCER',
      parentSpanId: handler.spanId,
      attributes: {
        'messaging.system': 'sluice',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.template': 'room:{room}',
        'messaging.message.id': id,
        'sluice.duplicate': false,
      },
    });
    expect(only(spans, 'EVALSHA')).toMatchObject({
      kind: 'CLIENT',
      parentSpanId: send.spanId,
      attributes: {
        'db.system.name': 'redis',
        'db.operation.name': 'EVALSHA',
        'db.namespace': '0',
        'server.address': '127.0.0.1',
        'server.port': cluster.redis.port,
      },
    });
    for (const [node, recipients] of [
      ['gateway-1', 1],
      ['gateway-2', 2],
    ] as const) {
      expect(only(spans, 'process room:{room}', node)).toMatchObject({
        kind: 'CONSUMER',
        parentSpanId: send.spanId,
        links: [{ traceId: emit.traceId, spanId: send.spanId }],
        attributes: { 'messaging.message.id': id, 'sluice.recipients': recipients },
        status: { code: 'UNSET' },
      });
    }
    expect(spans).toHaveLength(6);
    // The hearer can go on where its node left off; who did not ask is told nothing.
    expect(contextIn(heard)).toEqual({
      traceId: emit.traceId,
      spanId: only(spans, 'process room:{room}', 'gateway-2').spanId,
    });
    expect(Object.keys(await deaf.untilText('traced', 'hello'))).not.toContain('traceparent');
  });

  test('an unsampled parent yields no span and no context anywhere', async () => {
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const hearer = await listen(cluster.gateway(1), 'bob');
    for (const client of [sender, hearer]) await client.join('quiet');
    const [unsampled, sampled] = [remote('00'), remote()];
    await say(sender, 'quiet', 'unsampled', unsampled.traceparent);
    await say(sender, 'quiet', 'none');
    await say(sender, 'quiet', 'sampled', sampled.traceparent);
    await hearer.untilText('quiet', 'sampled');
    // Spans of what came before have been exported once those of the last message have.
    await traceOf(otlp, sampled, (its) => its.length >= 6);
    expect(otlp.spans.entries.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
    expect(otlp.spans.entries.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual([]);
    const [first, second, third] = hearer.messages('quiet');
    for (const message of [first, second]) expect(Object.keys(message ?? {})).not.toContain('traceparent');
    expect(contextIn(third ?? {}).traceId).toBe(sampled.traceId);
  });

  test('garbage for a context is ignored and counted', async () => {
    const gateway = cluster.gateway(0);
    const sender = await connect(each, gateway, { user: 'ada' });
    await sender.join('garbage');
    const invalid = async (): Promise<number> =>
      metricTotal(await gateway.metrics(), 'sluice_traceparents_total', { outcome: 'invalid' });
    const before = await invalid();
    const { traceparent } = remote();
    const garbage = [
      'garbage',
      '',
      7,
      null,
      {},
      ['x'],
      traceparent.toUpperCase(),
      traceparent.replace('00-', 'ff-'),
      `${traceparent}-more`,
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
      `01${traceparent.slice(2)}-${'x'.repeat(1_000)}`,
    ];
    for (const one of garbage) await say(sender, 'garbage', 'still said', one as string);
    expect(await invalid()).toBe(before + garbage.length);
    // A version that is not known yet begins like this one.
    const later = remote();
    await say(sender, 'garbage', 'hello', later.traceparent.replace('00-', '01-').concat('-more'));
    await traceOf(otlp, later, having('process room:{room}'));
  });

  test('the trace goes on over a killed node and the recovery of its client', async () => {
    const doomed = await cluster.add('gateway-doomed');
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const hearer = await listen(doomed, 'bob');
    for (const client of [sender, hearer]) await client.join('killed');
    await say(sender, 'killed', 'before');
    await hearer.untilText('killed', 'before');
    hearer.moveTo('http://127.0.0.1:1');
    await doomed.kill();
    const [emit, admission] = [remote(), remote()];
    const id = await say(sender, 'killed', 'missed', emit.traceparent);
    await say(sender, 'killed', 'missed unsampled', remote('00').traceparent);
    // Its client names what its return is part of.
    const auth = hearer.socket.auth as Record<string, unknown>;
    hearer.socket.auth = { ...auth, traceparent: admission.traceparent };
    hearer.moveTo(cluster.gateway(1).url);
    const heard = await hearer.untilText('killed', 'missed');
    expect(await hearer.untilReady(2)).toMatchObject({ recovered: true, nodeId: 'gateway-2' });
    expect(heard.id).toBe(id);

    const spans = await traceOf(otlp, emit, (its) => its.length >= 5);
    const send = only(spans, 'send room:{room}');
    expect(send.parentSpanId).toBe(only(spans, 'handle message:send').spanId);
    expect(contextIn(heard)).toEqual({ traceId: emit.traceId, spanId: send.spanId });
    const unsampled = await hearer.untilText('killed', 'missed unsampled');
    expect(Object.keys(unsampled)).not.toContain('traceparent');

    const coming = await traceOf(
      otlp,
      admission,
      having('connect', 'authenticate', 'recover', 'replay', 'EVALSHA', 'XRANGE'),
    );
    const connecting = only(coming, 'connect');
    expect(connecting).toMatchObject({
      kind: 'SERVER',
      parentSpanId: admission.spanId,
      attributes: {
        'http.route': '/socket.io/',
        'network.protocol.name': 'websocket',
        'sluice.outcome': 'ok',
      },
    });
    expect(only(coming, 'authenticate')).toMatchObject({ parentSpanId: connecting.spanId });
    const recovering = only(coming, 'recover');
    expect(recovering).toMatchObject({
      parentSpanId: connecting.spanId,
      attributes: { 'sluice.recovery.outcome': 'recovered', 'sluice.replay.events': 2 },
    });
    expect(only(coming, 'replay')).toMatchObject({
      parentSpanId: connecting.spanId,
      links: [{ traceId: emit.traceId, spanId: send.spanId }],
      attributes: { 'sluice.replay.events': 2 },
    });
    // Its claim, the log’s end and what it missed.
    const commands = coming.filter(
      ({ kind, parentSpanId }) => kind === 'CLIENT' && parentSpanId === recovering.spanId,
    );
    expect(commands.map(({ name }) => name).toSorted()).toEqual(
      expect.arrayContaining(['EVALSHA', 'XRANGE']),
    );
  });

  test('a return that is not sampled shows in the trace of what it was given', async () => {
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const hearer = await listen(cluster.gateway(1), 'bob');
    for (const client of [sender, hearer]) await client.join('returned');
    await say(sender, 'returned', 'before');
    await hearer.untilText('returned', 'before');
    hearer.moveTo('http://127.0.0.1:1');
    hearer.cut();
    await hearer.untilDisconnected();
    const emit = remote();
    await say(sender, 'returned', 'missed', emit.traceparent);
    hearer.moveTo(cluster.gateway(0).url);
    await hearer.untilText('returned', 'missed');
    const spans = await traceOf(otlp, emit, having('send room:{room}', 'replay'));
    expect(only(spans, 'replay', 'gateway-1')).toMatchObject({
      parentSpanId: only(spans, 'send room:{room}').spanId,
      attributes: { 'sluice.replay.events': 1 },
    });
  });

  test('a handshake, a join and a read of the history are traces with what they cause in Redis', async () => {
    const admission = remote();
    const client = await listen(cluster.gateway(0), 'ada', { traceparent: admission.traceparent });
    const connecting = await traceOf(otlp, admission, having('connect', 'write session', 'EVALSHA'));
    const session = only(connecting, 'write session');
    expect(session.parentSpanId).toBe(only(connecting, 'connect').spanId);
    expect(connecting.filter(({ parentSpanId }) => parentSpanId === session.spanId)).toHaveLength(1);
    expect(connecting.map(({ name }) => name)).not.toContain('recover');

    const [joining, reading] = [remote(), remote()];
    const join = { room: 'history', traceparent: joining.traceparent };
    await client.succeed('room:join', join);
    const joined = await traceOf(
      otlp,
      joining,
      having('process room:join', 'handle room:join', 'write session'),
    );
    expect(only(joined, 'write session').parentSpanId).toBe(only(joined, 'handle room:join').spanId);
    const read = { room: 'history', traceparent: reading.traceparent };
    await client.succeed('history:read', read);
    const found = await traceOf(
      otlp,
      reading,
      having('process history:read', 'handle history:read', 'XREVRANGE'),
    );
    expect(only(found, 'XREVRANGE').parentSpanId).toBe(only(found, 'handle history:read').spanId);
  });

  test('what goes wrong is told by its code: a client’s fault as it is, ours as an error', async () => {
    const client = await connect(each, cluster.gateway(0), { user: 'ada' });
    const [stranger, refused] = [remote(), remote()];
    await client.request('message:send', {
      room: 'elsewhere',
      text: 'x',
      clientId: 'x',
      traceparent: stranger.traceparent,
    });
    const spans = await traceOf(otlp, stranger, (its) => its.length >= 2);
    expect(only(spans, 'process message:send')).toMatchObject({
      attributes: { 'sluice.outcome': 'not_joined', 'error.type': 'not_joined' },
      status: { code: 'UNSET' },
    });
    const auth = { token: 'none', traceparent: refused.traceparent };
    await connectRefused(each, cluster.gateway(0), { user: 'eve', auth });
    const [refusal, ...others] = (await traceOf(otlp, refused, (its) => its.length >= 2)).filter(
      ({ name }) => name === 'connect',
    );
    expect(refusal).toMatchObject({
      attributes: { 'sluice.outcome': 'unauthorized', 'error.type': 'unauthorized' },
    });
    expect(others).toEqual([]);
  });

  test('only so many of a node’s clients are told the context of one event', async () => {
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const crowd = await Promise.all(
      Array.from({ length: 13 }, (_, index) => listen(cluster.gateway(1), `bob-${index}`)),
    );
    await Promise.all([sender, ...crowd].map((client) => client.join('crowd')));
    const emit = remote();
    await say(sender, 'crowd', 'hello', emit.traceparent);
    const heard = await Promise.all(crowd.map((client) => client.untilText('crowd', 'hello')));
    expect(heard.filter((message) => 'traceparent' in message)).toHaveLength(10);
    const spans = await traceOf(
      otlp,
      emit,
      (its) => its.filter(({ name }) => name === 'process room:{room}').length === 2,
    );
    expect(only(spans, 'process room:{room}', 'gateway-2').attributes['sluice.recipients']).toBe(13);
  });

  test('neither rooms nor users are named, unless it is allowed', async () => {
    const open = await cluster.add('gateway-open', { TRACE_NAMES: 'rooms,users' });
    const [discreet, told] = [remote(), remote()];
    const sender = await connect(each, cluster.gateway(0), { user: 'secret-user' });
    const other = await connect(each, open, { user: 'open-user' });
    for (const client of [sender, other]) await client.join('secret-room');
    await say(sender, 'secret-room', 'hello', discreet.traceparent);
    const hidden = await traceOf(
      otlp,
      discreet,
      (its) =>
        its.some(({ name }) => name === 'process message:send') &&
        its.some((one) => nodeOf(one) === 'gateway-1' && one.name === 'process room:{room}'),
    );
    const ofDiscreet = hidden
      .filter((one) => nodeOf(one) === 'gateway-1')
      .map(({ name, attributes }) => ({ name, attributes }));
    expect(JSON.stringify(ofDiscreet)).not.toMatch(/secret-(room|user)/);
    await say(other, 'secret-room', 'hello', told.traceparent);
    const shown = await traceOf(otlp, told, having('process message:send', 'send room:{room}'));
    expect(only(shown, 'process message:send').attributes['enduser.id']).toBe('open-user');
    expect(only(shown, 'send room:{room}').attributes['messaging.destination.name']).toBe('room:secret-room');
  });

  test('a line of the log that was caused by something recorded says by what', async () => {
    const gateway = cluster.gateway(0);
    const admission = remote();
    await listen(gateway, 'logged', { traceparent: admission.traceparent });
    const line = await gateway.logs.until((lines) =>
      lines.find(({ msg, user }) => msg === 'connected' && user === 'logged'),
    );
    const spans = await traceOf(otlp, admission, having('connect'));
    expect(line).toMatchObject({ trace_id: admission.traceId, span_id: only(spans, 'connect').spanId });
    const plain = await connect(each, gateway, { user: 'unlogged' });
    const other = await gateway.logs.until((lines) => lines.find(({ user }) => user === plain.user));
    expect(Object.keys(other)).not.toContain('trace_id');
  });
});

describe('sampling', () => {
  test('what begins here is sampled by the sampler, whole or not at all', async () => {
    const receiver = await startOtlpReceiver(each);
    const env = {
      ...exporting(receiver),
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
    };
    const started = await startCluster(each, { nodes: 2, driver: 'lanes', env });
    const sender = await connect(each, started.gateway(0), { user: 'ada' });
    const hearer = await connect(each, started.gateway(1), { user: 'bob' });
    for (const client of [sender, hearer]) await client.join('half');
    const count = 60;
    for (let index = 0; index < count; index += 1) await say(sender, 'half', `message ${index}`);
    await hearer.untilText('half', `message ${count - 1}`);
    // The last that is sampled, for certain.
    const last = remote();
    await say(sender, 'half', 'hello', last.traceparent);
    await traceOf(receiver, last, (its) => its.length >= 6);
    await eventually(() => {
      const all = receiver.spans.entries;
      const countOf = (name: string, traceId: string): number =>
        all.filter((span) => span.name === name && span.traceId === traceId).length;
      return all
        .filter(({ name }) => name === 'process message:send')
        .every(({ traceId }) => countOf('process room:{room}', traceId) === 2);
    });
    const roots = receiver.spans.entries.filter(
      ({ name, parentSpanId }) => name === 'process message:send' && parentSpanId === undefined,
    );
    // Outside of this with a probability below one in a million.
    expect(roots.length).toBeGreaterThan(count * 0.15);
    expect(roots.length).toBeLessThan(count * 0.85);
  });
});

describe('a collector that is away', () => {
  test('holds nobody up: what cannot be sent is bounded, dropped and counted', async () => {
    const receiver = await startOtlpReceiver(each);
    receiver.stall();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_EXPORT_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_BSP_MAX_QUEUE_SIZE: '32',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '16',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    };
    const started = await startCluster(each, { nodes: 1, driver: 'lanes', env });
    const one = started.gateway(0);
    const sender = await connect(each, one, { user: 'ada' });
    await sender.join('away');
    for (let index = 0; index < 60; index += 1) await say(sender, 'away', `message ${index}`);
    await sender.untilText('away', 'message 59');
    const total = async (name: string, labels = {}): Promise<number> =>
      metricTotal(await one.metrics(), name, labels);
    await eventually(async () => (await total('sluice_telemetry_spans_dropped_total')) > 0);
    for (const signal of ['traces', 'metrics']) {
      await eventually(
        async () => (await total('sluice_telemetry_exports_total', { signal, outcome: 'failed' })) > 0,
      );
    }
    await one.logs.until((lines) => lines.find(({ msg }) => msg === 'telemetry'));
    receiver.heal();
    await eventually(
      async () => (await total('sluice_telemetry_exports_total', { signal: 'traces', outcome: 'ok' })) > 0,
    );
    receiver.stall();
    expect((await one.stop()).code).toBe(0);
  });
});
