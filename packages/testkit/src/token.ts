import { randomBytes } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { secretNet } from './secret-net.ts';

export interface TokenOverrides {
  /** Replaces or (where undefined) leaves out claims. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  readonly algorithm?: 'HS256' | 'HS384' | 'HS512';
}

export interface TokenIssuer {
  /** What JWT_SECRET must be for a gateway that accepts these tokens. Random, a new one for every issuer. */
  readonly secret: string;
  /** A token for `user`, good for an hour, but for what `overrides` changes. */
  token(user: string, overrides?: TokenOverrides): Promise<string>;
}

export function createTokenIssuer(): TokenIssuer {
  const secret = randomBytes(32).toString('base64url');
  secretNet.note('JWT secret', secret);
  return {
    secret,
    async token(user, overrides = {}) {
      const now = Math.floor(Date.now() / 1000);
      const standard = { sub: user, iss: 'sluice', aud: 'sluice', iat: now, exp: now + 3600 };
      const claims = Object.entries({ ...standard, ...overrides.claims });
      const present = Object.fromEntries(claims.filter(([, value]) => value !== undefined)) as JWTPayload;
      const token = await new SignJWT(present)
        .setProtectedHeader({ alg: overrides.algorithm ?? 'HS256' })
        .sign(new TextEncoder().encode(overrides.secret ?? secret));
      // Not its header, which is the same for all.
      for (const part of token.split('.').slice(1)) secretNet.note('token', part);
      return token;
    },
  };
}
