import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  messagesHeard,
  metricTotal,
  openScope,
  startCluster,
  startOtlpReceiver,
  type Client,
  type Cluster,
  type Driver,
  type OtlpReceiver,
} from '@sluice/testkit';
import { contextIn, exporting, listen, only, remote, say, traceOf } from './tracing-support.ts';

const drivers: Driver[] = ['streams', 'sharded-pubsub'];
const toldAtMost = 2;

/** All arguments of each `message:new`: a client that may recover is given an offset after the message. */
function argumentsHeard(client: Client): unknown[][] {
  const heard: unknown[][] = [];
  client.socket.on('message:new', (...args: unknown[]) => heard.push(args));
  return heard;
}

describe.each(drivers)('driver %s', (driver) => {
  const suite = openScope(afterAll);
  const each = openScope(afterEach);
  let otlp: OtlpReceiver;
  let cluster: Cluster;
  beforeAll(async () => {
    otlp = await startOtlpReceiver(suite);
    const env = { ...exporting(otlp), TRACE_MAX_RECIPIENTS: String(toldAtMost) };
    cluster = await startCluster(suite, { nodes: 2, driver, env });
  });

  test('one trace leads from a client’s emit over both nodes to the clients that hear it', async () => {
    const [one, two] = [cluster.gateway(0), cluster.gateway(1)];
    const sender = await listen(each, one, 'ada');
    const hearer = await listen(each, two, 'bob');
    const deaf = await connect(each, two, { user: 'eve' });
    for (const client of [sender, hearer, deaf]) await client.join('traced');
    // With the first message to be published, Redis is given the script.
    await say(sender, 'traced', 'first');
    const emit = remote();
    const id = await say(sender, 'traced', 'hello', emit.traceparent, 'once');
    const [atOne, atTwo, untold] = await Promise.all(
      [sender, hearer, deaf].map((client) => client.untilText('traced', 'hello')),
    );
    const spans = await traceOf(
      otlp,
      emit,
      (its) => its.filter(({ name }) => name === 'process room:{room}').length === 2 && its.length >= 6,
    );

    const receipt = only(spans, 'process message:send');
    expect(receipt).toMatchObject({ kind: 'CONSUMER', parentSpanId: emit.spanId });
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
    expect(only(spans, 'EVALSHA')).toMatchObject({ kind: 'CLIENT', parentSpanId: send.spanId });
    for (const [node, recipients, told] of [
      ['gateway-1', 1, atOne],
      ['gateway-2', 2, atTwo],
    ] as const) {
      const hop = only(spans, 'process room:{room}', node);
      expect(hop).toMatchObject({
        kind: 'CONSUMER',
        parentSpanId: send.spanId,
        links: [{ traceId: emit.traceId, spanId: send.spanId }],
        attributes: {
          'messaging.system': 'sluice',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.template': 'room:{room}',
          'messaging.message.id': id,
          'sluice.recipients': recipients,
        },
        status: { code: 'UNSET' },
      });
      // Who asked can go on where its node left off.
      expect(contextIn(told ?? {})).toEqual({ traceId: emit.traceId, spanId: hop.spanId });
    }
    expect(spans).toHaveLength(6);
    expect(untold).toEqual({ ...atTwo, traceparent: undefined });
    expect(Object.keys(untold ?? {})).not.toContain('traceparent');

    const again = remote();
    await say(sender, 'traced', 'hello', again.traceparent, 'once');
    const repeated = await traceOf(otlp, again, (its) => its.length >= 4);
    expect(only(repeated, 'send room:{room}').attributes).toMatchObject({
      'messaging.message.id': id,
      'sluice.duplicate': true,
    });
    expect(repeated).toHaveLength(4);
  });

  test('an unsampled parent yields no span and no context anywhere, nor does a node with no members', async () => {
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const hearer = await listen(each, cluster.gateway(0), 'bob');
    const elsewhere = await listen(each, cluster.gateway(1), 'eve');
    for (const client of [sender, hearer]) await client.join('quiet');
    for (const client of [sender, elsewhere]) await client.join('both');
    const [unsampled, sampled, last] = [remote('00'), remote(), remote()];
    await say(sender, 'quiet', 'unsampled', unsampled.traceparent);
    await say(sender, 'quiet', 'none');
    await say(sender, 'quiet', 'sampled', sampled.traceparent);
    await hearer.untilText('quiet', 'sampled');
    await say(sender, 'both', 'last', last.traceparent);
    // Spans of what came before have been exported once those of the last message have.
    await traceOf(
      otlp,
      last,
      (its) => its.filter(({ name }) => name === 'process room:{room}').length === 2 && its.length >= 6,
    );
    expect(otlp.spans.entries.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
    expect(otlp.spans.entries.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual([]);
    const ofSampled = otlp.spans.entries.filter(({ traceId }) => traceId === sampled.traceId);
    expect(only(ofSampled, 'process room:{room}')).toMatchObject({
      resource: { 'service.instance.id': 'gateway-1' },
    });
    const [first, second, third] = hearer.messages('quiet');
    for (const message of [first, second]) expect(Object.keys(message ?? {})).not.toContain('traceparent');
    expect(contextIn(third ?? {}).traceId).toBe(sampled.traceId);
  });

  test('a broadcast of the official adapter’s own carries no context: the trace ends with its command', async () => {
    const sender = await connect(each, cluster.gateway(0), { user: 'ada' });
    const hearer = await listen(each, cluster.gateway(1), 'bob');
    for (const client of [sender, hearer]) await client.join('typing');
    const [typing, last] = [remote(), remote()];
    sender.emitRaw('typing:set', { room: 'typing', typing: true, traceparent: typing.traceparent });
    expect(Object.keys(await hearer.untilHeard('typing:changed'))).not.toContain('traceparent');
    await say(sender, 'typing', 'last', last.traceparent);
    await traceOf(
      otlp,
      last,
      (its) => its.filter(({ name }) => name === 'process room:{room}').length === 2 && its.length >= 6,
    );
    const spans = otlp.spans.entries.filter(({ traceId }) => traceId === typing.traceId);
    expect(spans.map(({ name }) => name).toSorted()).toEqual([
      driver === 'streams' ? 'XADD' : 'SPUBLISH',
      'handle typing:set',
      'process typing:set',
    ]);
  });

  test('every member hears each message once, in order and with the same offset, and few are told its context', async () => {
    const gateways = [cluster.gateway(0), cluster.gateway(1)];
    const before = await Promise.all(gateways.map((gateway) => gateway.metrics()));
    const crowds = await Promise.all(
      gateways.map((gateway, node) =>
        Promise.all([
          ...[1, 2, 3].map((index) => listen(each, gateway, `listener-${node}-${index}`)),
          ...[1, 2].map((index) => connect(each, gateway, { user: `plain-${node}-${index}` })),
        ]),
      ),
    );
    const all = crowds.flat();
    const heard = new Map(all.map((client) => [client, argumentsHeard(client)]));
    await Promise.all(all.map((client) => client.join('crowd')));
    const [sender] = all as [Client];
    const texts = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    for (const [index, text] of texts.entries()) {
      await say(sender, 'crowd', text, index % 3 === 0 ? undefined : remote().traceparent);
    }
    for (const [index, spoken] of (await messagesHeard('crowd', sender, all)).entries()) {
      expect([index, spoken]).toEqual([index, texts]);
    }
    const argumentsOf = (client: Client): unknown[][] => heard.get(client) ?? [];
    const plain = argumentsOf(crowds[0]?.at(-1) as Client);
    for (const args of plain) {
      expect(args.slice(1)).toEqual(driver === 'streams' ? [expect.stringMatching(/^\d+-\d+$/)] : []);
    }
    for (const client of all) {
      const withoutContext = argumentsOf(client).map(([message, ...offset]) => [
        { ...(message as object), traceparent: undefined },
        ...offset,
      ]);
      expect(withoutContext).toEqual(plain);
    }
    for (const crowd of crowds) {
      for (const [index, text] of texts.entries()) {
        const told = crowd.filter((client) => {
          const [message] = argumentsOf(client)[index] ?? [];
          return Object.keys(message as object).includes('traceparent');
        });
        expect([text, told.length]).toEqual([text, index % 3 === 0 ? 0 : toldAtMost]);
      }
    }
    // The marker is one more.
    const written = all.length * (texts.length + 1);
    const sent = async (): Promise<number> => {
      const now = await Promise.all(gateways.map((gateway) => gateway.metrics()));
      const labels = { event: 'message:new' };
      const totalOf = (samples: typeof now): number =>
        metricTotal(samples.flat(), 'sluice_events_sent_total', labels);
      return totalOf(now) - totalOf(before);
    };
    await eventually(async () => (await sent()) === written, {
      describe: () => `${written} events are counted`,
    });
  });
});

describe('a client that is told contexts, over streams', () => {
  const scope = openScope(afterEach);

  test('recovers after a cut from the offset of what it was told last, without loss or repetition', async () => {
    const otlp = await startOtlpReceiver(scope);
    const cluster = await startCluster(scope, { nodes: 2, driver: 'streams', env: exporting(otlp) });
    const [one, two] = [cluster.gateway(0), cluster.gateway(1)];
    const sender = await connect(scope, one, { user: 'ada' });
    const hearer = await listen(scope, two, 'bob');
    for (const client of [sender, hearer]) await client.join('cut');
    const spoken: string[] = [];
    for (const to of [one, two, one, two]) {
      const emit = remote();
      const text = `heard ${spoken.length}`;
      spoken.push(text);
      await say(sender, 'cut', text, emit.traceparent);
      expect(contextIn(await hearer.untilText('cut', text)).traceId).toBe(emit.traceId);
      const returns = hearer.heard('session:ready').length + 1;
      hearer.cut();
      await hearer.untilDisconnected();
      // The node writes the session when the socket has left; who comes earlier gets a fresh one.
      await eventually(
        async () =>
          ((await cluster.redis.command('KEYS', 'sluice:adapter-session:*')) as unknown[]).length === 1,
      );
      for (const sampled of [true, false]) {
        const missed = `missed ${spoken.length}`;
        spoken.push(missed);
        await say(sender, 'cut', missed, sampled ? remote().traceparent : undefined);
      }
      hearer.moveTo(to.url);
      hearer.socket.connect();
      expect(await hearer.untilReady(returns)).toMatchObject({ recovered: true });
    }
    expect(await messagesHeard('cut', sender, [hearer])).toEqual([spoken]);
    // What it was replayed came from the stream as it is.
    const missed = hearer.messages('cut').filter(({ text }) => text.startsWith('missed'));
    for (const message of missed) expect(Object.keys(message)).not.toContain('traceparent');
  });
});
