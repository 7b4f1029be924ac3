import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  connect,
  traceTree,
  type Client,
  type Gateway,
  type OtlpReceiver,
  type OtlpSpan,
  type Scope,
} from '@sluice/testkit';

/** Where spans arrive: the Collector, or our own receiver. */
export type TraceSink = Pick<OtlpReceiver, 'url' | 'spans'>;

/** A span of a client's own, that nobody exports. */
export interface Remote {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent: string;
}

export function remote(flags = '01'): Remote {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

/** Every variable an SRE would set, and batches that leave at once. */
export function exporting(sink: TraceSink): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    // What begins here is not sampled: each test brings the parent it wants.
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  };
}

/** Connects a client that wants to be told the contexts of what it hears. */
export async function listen(scope: Scope, gateway: Gateway, user: string): Promise<Client> {
  return connect(scope, gateway, { user, auth: { token: await gateway.issuer.token(user), trace: 'on' } });
}

/** Sends a message, as part of what `traceparent` names; resolves to its id. */
export async function say(
  client: Client,
  room: string,
  text: string,
  traceparent?: string,
  clientId: string = randomUUID(),
): Promise<string> {
  const message = { room, text, clientId, traceparent: traceparent as string };
  const { id } = await client.succeed('message:send', message);
  return id;
}

export function traceOf(
  sink: TraceSink,
  { traceId }: Pick<Remote, 'traceId'>,
  isWhole: (spans: readonly OtlpSpan[]) => boolean,
): Promise<OtlpSpan[]> {
  const its = (): OtlpSpan[] => sink.spans.entries.filter((span) => span.traceId === traceId);
  return sink.spans.until(() => isWhole(its()) && its(), {
    timeoutMs: 40_000,
    describe: () => `the trace is whole:\n${traceTree(its())}`,
  });
}

/** The one span by that name, of that node where one is given. */
export function only(spans: readonly OtlpSpan[], name: string, node?: string): OtlpSpan {
  const found = spans.filter(
    (span) => span.name === name && (node === undefined || span.resource['service.instance.id'] === node),
  );
  expect([name, found.length, traceTree(spans)]).toEqual([name, 1, expect.anything()]);
  return found[0] as OtlpSpan;
}

/** What a client was told to be part of. */
export function contextIn(message: object): { traceId: string; spanId: string } {
  const { traceparent = '' } = message as { traceparent?: string };
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return { traceId, spanId };
}
