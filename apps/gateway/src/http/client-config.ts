import type { ClientConfig } from '@sluice/protocol';
import type { Config } from '../config.ts';

/** What `GET /client-config` answers. It goes to anybody who asks. */
export function clientConfig({ BROWSER_OTLP_TRACES_ENDPOINT, BROWSER_TRACES_RATIO }: Config): ClientConfig {
  if (BROWSER_OTLP_TRACES_ENDPOINT === undefined) return {};
  return { tracing: { endpoint: BROWSER_OTLP_TRACES_ENDPOINT, ratio: BROWSER_TRACES_RATIO } };
}
