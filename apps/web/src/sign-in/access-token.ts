import type { DevToken } from '@sluice/protocol';
import { isRecord } from '../storage/json-shelf.ts';

/**
 * The user that a JWT names, for display alone: the gateway is who checks it. `undefined` where it is not of that form.
 */
export function userOfToken(token: string): string | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined || token.split('.').length !== 3) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(claims) && typeof claims['sub'] === 'string' ? claims['sub'] : undefined;
  } catch {
    // Not base64 or not JSON: not a token.
    return undefined;
  }
}

export type DevTokenAnswer =
  | ({ readonly kind: 'granted' } & DevToken)
  /** This cluster gives out no development tokens. */
  | { readonly kind: 'off' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable' };

/** Asks the gateway for a development token in the name of `user`. Never rejects. */
export async function requestDevToken(fetchFromOrigin: typeof fetch, user: string): Promise<DevTokenAnswer> {
  try {
    const response = await fetchFromOrigin('/auth/dev-token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    if (response.status === 404) return { kind: 'off' };
    if (response.status >= 400 && response.status < 500 && response.status !== 429)
      return { kind: 'refused' };
    const body: unknown = response.ok ? await response.json() : undefined;
    if (!isRecord(body) || typeof body['token'] !== 'string') return { kind: 'unreachable' };
    const expiresAt = typeof body['expiresAt'] === 'number' ? body['expiresAt'] : 0;
    return { kind: 'granted', token: body['token'], expiresAt };
  } catch {
    // fetch rejects without a network, json() where a proxy answered with a page: nobody there, either way.
    return { kind: 'unreachable' };
  }
}
