import type { SettingName } from '../../telemetry-options.mjs';

/** One cluster's telemetry. */
export interface Setting {
  /** Of the gateways' environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly counts: boolean;
  /** The share of messages that is traced; undefined where there is no tracing at all. */
  readonly sampled: number | undefined;
  /** One in so many clients wants to be told the trace of what it hears; 0: none. */
  readonly tellsOneIn: number;
}

// As long as the SDK's own default, unless a window would then have none.
const longestExportMs = 60_000;

/** @param otlp where traces and metrics go */
export function settingOf(
  name: SettingName | 'off',
  { otlp, measureMs }: { otlp: string; measureMs: number },
): Setting {
  const exporting = {
    METRICS: 'on',
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    OTEL_METRIC_EXPORT_INTERVAL: String(Math.floor(Math.min(longestExportMs, measureMs))),
  };
  switch (name) {
    case 'off':
    case 'off-again':
      return { env: { METRICS: 'off' }, counts: false, sampled: undefined, tellsOneIn: 0 };
    case 'metrics':
      return { env: { METRICS: 'on' }, counts: true, sampled: undefined, tellsOneIn: 0 };
    case '1%': {
      const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
      return { env: { ...exporting, ...sampler }, counts: true, sampled: 0.01, tellsOneIn: 0 };
    }
    case '100%': {
      const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_always_on' };
      return { env: { ...exporting, ...sampler }, counts: true, sampled: 1, tellsOneIn: 4 };
    }
  }
}
