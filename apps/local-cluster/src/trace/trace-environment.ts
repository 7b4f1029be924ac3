import { localUrl, type Address } from '../cluster-plan.ts';
import { tracesPath } from './otlp-receiver.ts';

type Environment = Readonly<NodeJS.ProcessEnv>;

/** Where gateways and pages send their spans to. */
export function tracesUrl(receiver: Address): string {
  return `${localUrl(receiver)}${tracesPath}`;
}

/** What makes gateways, and the pages they serve, send every span to `receiver`, whatever the user's shell says. */
export function traceEnvironment(receiver: Address, userEnvironment: Environment): Record<string, string> {
  const url = tracesUrl(receiver);
  return {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    BROWSER_OTLP_TRACES_ENDPOINT: url,
    BROWSER_TRACES_RATIO: '1',
    ...(isDisabled(userEnvironment) && {
      OTEL_SDK_DISABLED: 'false',
      // What else it turned off stays off.
      OTEL_METRICS_EXPORTER: 'none',
    }),
  };
}

/** A line about the variables of the user's shell that do not count for traces now; undefined where there are none. */
export function overriddenVariables(receiver: Address, userEnvironment: Environment): string | undefined {
  const overriding = traceEnvironment(receiver, userEnvironment);
  const names = Object.entries(overriding)
    .filter(([name, value]) => (userEnvironment[name] || value) !== value)
    .map(([name]) => name);
  if (userEnvironment['OTEL_EXPORTER_OTLP_ENDPOINT']) names.push('OTEL_EXPORTER_OTLP_ENDPOINT');
  return names.length === 0 ? undefined : `--trace shows traces here, in spite of ${names.join(', ')}`;
}

function isDisabled({ OTEL_SDK_DISABLED }: Environment): boolean {
  return OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}
