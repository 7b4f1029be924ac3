import type { ClientConfig } from '@sluice/protocol';
import { noTracing, type Tracing } from './tracing.ts';

export type TracingSettings = NonNullable<ClientConfig['tracing']>;

export interface PageTracing extends Tracing {
  /** Whether the gateway is to say which messages it traces. Never rejects. */
  readonly wanted: Promise<boolean>;
}

/**
 * Traces from when `config` has asked for it and `load` has brought what it takes, which is a download of its own; until
 * then, and where either fails, it does nothing.
 */
export function createPageTracing(
  config: Promise<ClientConfig>,
  load: (settings: TracingSettings) => Promise<Tracing>,
): PageTracing {
  let current = noTracing;
  const settings = config.then(
    ({ tracing }) => tracing,
    () => undefined,
  );
  const begin = async (): Promise<void> => {
    const given = await settings;
    if (given !== undefined) current = await load(given);
  };
  // The browser itself tells, where developers look, which file it could not load.
  begin().catch(() => undefined);
  return {
    wanted: settings.then((given) => given !== undefined),
    sending: (again) => current.sending(again),
    hearing: (traceparent, take) => current.hearing(traceparent, take),
  };
}
