import { context, createNoopMeter, diag, DiagLogLevel, trace, type MeterProvider } from '@opentelemetry/api';
import type { Lifecycle } from '@sluice/kernel';
import type { Registry } from 'prom-client';
import type { TelemetrySettings } from './telemetry-settings.ts';

/** What became of what was to be sent to the collector. */
export interface ExportCounts {
  exported(signal: 'traces' | 'metrics', outcome: 'ok' | 'failed', count: number): void;
  /** More spans ended than the queue holds. */
  spansDropped(count: number): void;
}

export interface TelemetryDependencies {
  readonly registry: Registry;
  readonly counts: ExportCounts;
  /** Told of what the SDK has to say: an unreachable collector, above all. */
  readonly onWarning: (text: string) => void;
}

export interface TelemetryIdentity {
  readonly serviceName: string;
  readonly instanceId: string;
  readonly version: string;
}

const quiet = (): void => undefined;
const ended = 'otel.sdk.processor.span.processed';
// A collector that is away must not hold a process that is told to end.
const shutdownMs = 2_000;

/**
 * OpenTelemetry, as far as the settings ask for it: a part with a life, that registers with the API at its start. Loads the
 * SDK only where something is exported. What cannot be sent is kept up to a bound, then dropped and counted.
 */
export function createTelemetry(
  settings: TelemetrySettings,
  identity: TelemetryIdentity,
  deps: TelemetryDependencies,
): Lifecycle {
  const shutdowns: (() => Promise<void>)[] = [];
  let starting: Promise<void> | undefined;
  return {
    name: 'telemetry',
    start() {
      starting ??= start(settings, identity, deps, shutdowns);
      return starting;
    },
    async stop(deadlineMs) {
      const ends = shutdowns.splice(0);
      if (ends.length === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.min(deadlineMs, shutdownMs));
      });
      // The spans of the last moments. Whether they arrive is counted, and no reason to fail.
      await Promise.race([Promise.allSettled(ends.map((end) => end())), late]);
      clearTimeout(timer);
      // Last, so that what goes wrong with them is still said.
      trace.disable();
      context.disable();
      diag.disable();
    },
  };
}

async function start(
  settings: TelemetrySettings,
  identity: TelemetryIdentity,
  deps: TelemetryDependencies,
  shutdowns: (() => Promise<void>)[],
): Promise<void> {
  if (settings.traces === undefined && settings.metrics === undefined) return;
  // Of what the SDK hands to a logger only the text: the rest may be anything it was sending.
  const warn = (text: string): void => deps.onWarning(text);
  diag.setLogger(
    { error: warn, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const { setGlobalErrorHandler } = await import('@opentelemetry/core');
  // Of an error its text: the SDK's own handler tells of everything that it carries along.
  setGlobalErrorHandler((error) => diag.error(typeof error === 'string' ? error : String(error.message)));
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const resource = resourceFromAttributes({
    'service.version': identity.version,
    ...settings.resourceAttributes,
    'service.name':
      settings.serviceName ?? settings.resourceAttributes['service.name'] ?? identity.serviceName,
    // Gateways that share an environment differ in this.
    'service.instance.id': identity.instanceId,
  });
  if (settings.traces !== undefined) {
    const { startTraces } = await import('./start-traces.ts');
    shutdowns.push(startTraces(settings, resource, selfMetrics(deps.counts)));
  }
  if (settings.metrics !== undefined) {
    const { startMetrics } = await import('./start-metrics.ts');
    shutdowns.push(startMetrics(settings, resource, deps));
  }
}

/** The SDK's own account of its spans, which it gives to a meter. */
function selfMetrics(counts: ExportCounts): MeterProvider {
  const meter = createNoopMeter();
  const createCounter: typeof meter.createCounter = (name) => ({
    add(count, attributes) {
      if (name !== ended) return;
      const failure = attributes?.['error.type'];
      if (failure === 'queue_full') counts.spansDropped(count);
      else counts.exported('traces', failure === undefined ? 'ok' : 'failed', count);
    },
  });
  Object.assign(meter, { createCounter });
  return { getMeter: () => meter };
}
