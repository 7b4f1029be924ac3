/** What the standard OTEL_* variables ask for. Endpoints, headers and time-outs are the exporters' own to read. */
export interface TelemetrySettings {
  readonly traces: Protocol | undefined;
  readonly metrics: Protocol | undefined;
  readonly sampler: SamplerSettings;
  /** Of batches of spans. Undefined: the SDK's default. */
  readonly spans: {
    readonly delayMs: number | undefined;
    readonly timeoutMs: number | undefined;
    readonly maxQueued: number | undefined;
    readonly maxBatch: number | undefined;
  };
  readonly metricIntervalMs: number;
  readonly metricTimeoutMs: number;
  readonly serviceName: string | undefined;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

type Protocol = 'http/protobuf' | 'http/json';

export type SamplerSettings =
  { readonly kind: 'always_on' | 'always_off' } | { readonly kind: 'traceidratio'; readonly ratio: number };

export type TelemetryResult =
  | { readonly kind: 'valid'; readonly settings: TelemetrySettings }
  | { readonly kind: 'faulty'; readonly faults: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/, 1.50
const samplers = ['always_on', 'always_off', 'traceidratio'] as const;
const protocols: readonly string[] = ['http/protobuf', 'http/json'] satisfies readonly Protocol[];

/**
 * Reads the standard variables, all faults at once. Nothing is exported unless an endpoint or an exporter is named, and
 * nothing where OTEL_SDK_DISABLED is `true`. A fault names the variable and what is allowed, never the value.
 */
export function parseTelemetrySettings(environment: Environment): TelemetryResult {
  const faults: string[] = [];
  const given = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const whole = (name: string): number | undefined => {
    const value = given(name);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    faults.push(`${name}: must be a whole number of at least 1`);
    return undefined;
  };
  const protocolOf = (signal: 'TRACES' | 'METRICS'): Protocol | undefined => {
    const exporter = given(`OTEL_${signal}_EXPORTER`);
    if (exporter !== undefined && exporter !== 'otlp' && exporter !== 'none') {
      faults.push(`OTEL_${signal}_EXPORTER: must be otlp or none`);
    }
    const name =
      given(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`) === undefined
        ? 'OTEL_EXPORTER_OTLP_PROTOCOL'
        : `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`;
    const protocol = given(name) ?? 'http/protobuf';
    if (!protocols.includes(protocol))
      faults.push(`${name}: must be http/protobuf or http/json; gRPC is not supported`);
    const endpoint = given(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? given('OTEL_EXPORTER_OTLP_ENDPOINT');
    const isWanted = exporter === 'otlp' || (exporter === undefined && endpoint !== undefined);
    return isWanted ? (protocol as Protocol) : undefined;
  };
  for (const name of [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  ]) {
    const endpoint = given(name);
    // The exporters would go on without what is no URL, and say what it was.
    if (endpoint !== undefined && !(/^https?:\/\/[^\s/]/.test(endpoint) && URL.canParse(endpoint)))
      faults.push(`${name}: must be an http:// or https:// URL`);
  }
  const traces = protocolOf('TRACES');
  const metrics = protocolOf('METRICS');
  const settings: TelemetrySettings = {
    traces,
    metrics,
    sampler: samplerOf(given('OTEL_TRACES_SAMPLER'), given('OTEL_TRACES_SAMPLER_ARG'), faults),
    spans: {
      delayMs: whole('OTEL_BSP_SCHEDULE_DELAY'),
      timeoutMs: whole('OTEL_BSP_EXPORT_TIMEOUT'),
      maxQueued: whole('OTEL_BSP_MAX_QUEUE_SIZE'),
      maxBatch: whole('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
    },
    metricIntervalMs: whole('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000,
    metricTimeoutMs: whole('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000,
    serviceName: given('OTEL_SERVICE_NAME'),
    resourceAttributes: resourceOf(given('OTEL_RESOURCE_ATTRIBUTES'), faults),
  };
  if (faults.length > 0) return { kind: 'faulty', faults: [...new Set(faults)] };
  const isDisabled = given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  return {
    kind: 'valid',
    settings: isDisabled ? { ...settings, traces: undefined, metrics: undefined } : settings,
  };
}

/** `parentbased_…` means the same as without: who is the child of an unsampled parent is never sampled here. */
function samplerOf(name: string | undefined, arg: string | undefined, faults: string[]): SamplerSettings {
  const kind = samplers.find((one) => name === undefined || name === one || name === `parentbased_${one}`);
  if (kind === undefined) {
    faults.push(`OTEL_TRACES_SAMPLER: must be ${samplers.join(', ')}, or one of them after parentbased_`);
    return { kind: 'always_off' };
  }
  if (kind !== 'traceidratio') return { kind };
  const ratio = Number(arg ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) faults.push('OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1');
  return { kind, ratio };
}

/** `key=value,key=value`, values percent-encoded where they must be. */
function resourceOf(text: string | undefined, faults: string[]): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    try {
      if (at < 1 || key === '') throw new URIError('no key');
      attributes[key] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      faults.push('OTEL_RESOURCE_ATTRIBUTES: must be key=value pairs, comma-separated, percent-encoded');
    }
  }
  return attributes;
}
