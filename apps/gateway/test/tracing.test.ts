import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  openScope,
  startCluster,
  startOtlpReceiver,
  traceTree,
  type Client,
  type Cluster,
  type Gateway,
  type OtlpReceiver,
  type OtlpSpan,
} from '@sluice/testkit';

const suite = openScope(afterAll);
const each = openScope(afterEach);

/** A span of a client's own, that nobody exports. */
interface Remote {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent: string;
}

function remote(flags = '01'): Remote {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

/** Every variable an SRE would set, and batches that leave at once. */
const exporting = (otlp: OtlpReceiver): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_BSP_SCHEDULE_DELAY: '50',
  // What begins here is not sampled: each test brings the parent it wants.
  OTEL_TRACES_SAMPLER: 'parentbased_always_off',
});

async function listen(gateway: Gateway, user: string, extra: object = {}): Promise<Client> {
  const token = await gateway.issuer.token(user);
  const auth = { token, trace: 'on', ...extra };
  return connect(each, gateway, { user, auth, socket: { reconnection: true, reconnectionDelay: 50 } });
}

async function say(client: Client, room: string, traceparent?: unknown, text = 'hello'): Promise<string> {
  const message = { room, text, clientId: randomUUID(), traceparent: traceparent as string };
  const { id } = await client.succeed('message:send', message);
  return id;
}

function traceOf(
  otlp: OtlpReceiver,
  { traceId }: Pick<Remote, 'traceId'>,
  isWhole: (spans: readonly OtlpSpan[]) => boolean,
): Promise<OtlpSpan[]> {
  const its = (): OtlpSpan[] => otlp.spans.entries.filter((span) => span.traceId === traceId);
  return otlp.spans.until(() => isWhole(its()) && its(), {
    timeoutMs: 40_000,
    describe: () => `the trace is whole:\n${traceTree(its())}`,
  });
}

const nodeOf = ({ resource }: OtlpSpan): unknown => resource['service.instance.id'];

function only(spans: readonly OtlpSpan[], name: string, node?: string): OtlpSpan {
  const found = spans.filter((span) => span.name === name && (node === undefined || nodeOf(span) === node));
  expect([name, found.length, traceTree(spans)]).toEqual([name, 1, expect.anything()]);
  return found[0] as OtlpSpan;
}

/** What a client was told to be part of. */
function contextIn(message: object): { traceId: string; spanId: string } {
  const { traceparent = '' } = message as { traceparent?: string };
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { traceId, spanId };
}

let otlp: OtlpReceiver;
let cluster: Cluster;

describe('driver lanes', () => {
  beforeAll(async () => {
    otlp = await startOtlpReceiver(suite);
    cluster = await startCluster(suite, { nodes: 2, driver: 'lanes', env: exporting(otlp) });
  });

  test('one trace leads from a client’s emit over both nodes to the client that hears it', async () => {
    const [one, two] = [cluster.gateway(0), cluster.gateway(1)];
    const sender = await connect(each, one, { user: 'ada' });
    const hearer = await listen(two, 'bob');
    const deaf = await connect(each, two, { user: 'eve' });
    for (const client of [sender, hearer, deaf]) await client.join('traced');
    // With the first message to be published, Redis is given the script.
    await say(sender, 'traced', undefined, 'first');
    const emit = remote();
    const id = await say(sender, 'traced', emit.traceparent);
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
    await say(sender, 'quiet', unsampled.traceparent, 'unsampled');
    await say(sender, 'quiet', undefined, 'none');
    await say(sender, 'quiet', sampled.traceparent, 'sampled');
    await hearer.untilText('quiet', 'sampled');
    // Spans of what came before have been exported once those of the last message have.
    await traceOf(otlp, sampled, (its) => its.length >= 6);
    expect(otlp.spans.entries.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
    expect(otlp.spans.entries.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual([]);
    const [first, second, third] = hearer.messages('quiet');
    for (const message of [first, second]) expect(Object.keys(message ?? {})).not.toContain('traceparent');
    expect(contextIn(third ?? {}).traceId).toBe(sampled.traceId);
  });
});
