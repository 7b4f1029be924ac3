import type { DevToken } from '@sluice/protocol';
import { SignJWT } from 'jose';

export interface DevTokenIssuerOptions {
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
  readonly ttlMs: number;
  readonly now: () => number;
}

/** Signs a token for whoever asks: for development, where there is nobody to ask for one. */
export type DevTokenIssuer = (user: string) => Promise<DevToken>;

export function createDevTokenIssuer(options: DevTokenIssuerOptions): DevTokenIssuer {
  const key = new TextEncoder().encode(options.secret);
  return async (user) => {
    // JWT times are whole seconds; rounding up would promise more than the token holds.
    const expiresAtSeconds = Math.floor((options.now() + options.ttlMs) / 1_000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(user)
      .setIssuer(options.issuer)
      .setAudience(options.audience)
      .setIssuedAt()
      .setExpirationTime(expiresAtSeconds)
      .sign(key);
    return { token, expiresAt: expiresAtSeconds * 1_000 };
  };
}
