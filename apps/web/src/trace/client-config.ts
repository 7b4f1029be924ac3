import type { ClientConfig } from '@sluice/protocol';
import { isRecord } from '../storage/json-shelf.ts';

// A page that comes back to its session is not to wait longer for this.
const timeoutMs = 1_000;

/** Asks the gateway what a browser has to know. Rejects where no usable answer comes in time. */
export async function requestClientConfig(fetchFromOrigin: typeof fetch): Promise<ClientConfig> {
  const response = await fetchFromOrigin('/client-config', { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) return {};
  const body: unknown = await response.json();
  const tracing = isRecord(body) ? body['tracing'] : undefined;
  if (!isRecord(tracing)) return {};
  const { endpoint, ratio } = tracing;
  return typeof endpoint === 'string' && typeof ratio === 'number' ? { tracing: { endpoint, ratio } } : {};
}
