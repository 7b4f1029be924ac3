import { protocolError, userSchema } from '@sluice/protocol';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyResult } from 'jose';

export interface TokenVerifier {
  /**
   * The user a token speaks for, from its `sub`. Throws protocol errors: `unauthorized`, `token_expired`, and
   * `unavailable` where the keys cannot be fetched.
   */
  verify(token: unknown): Promise<string>;
}

export interface TokenVerifierOptions {
  readonly key:
    { readonly kind: 'secret'; readonly secret: string } | { readonly kind: 'jwks'; readonly url: string };
  readonly issuer: string;
  readonly audience: string;
}

// Symmetric algorithms are left out on purpose: with them a public key would do as a secret.
const asymmetric = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
// A token is a header in practice; what is longer is not one of ours.
const maxTokenLength = 8_192;

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const claims = {
    issuer: options.issuer,
    audience: options.audience,
    requiredClaims: ['sub', 'exp'],
  };
  const check = verification(options.key, claims);
  return {
    async verify(token) {
      if (typeof token !== 'string' || token === '' || token.length > maxTokenLength) {
        throw protocolError('unauthorized');
      }
      let verified: JWTVerifyResult;
      try {
        verified = await check(token);
      } catch (cause) {
        if (cause instanceof errors.JWTExpired) throw protocolError('token_expired', { cause });
        if (isTokenFault(cause)) throw protocolError('unauthorized', { cause });
        throw protocolError('unavailable', { text: 'The keys of access tokens are out of reach.', cause });
      }
      const user = userSchema.safeParse(verified.payload.sub);
      if (!user.success) throw protocolError('unauthorized');
      return user.data;
    },
  };
}

function verification(
  key: TokenVerifierOptions['key'],
  claims: Parameters<typeof jwtVerify>[2],
): (token: string) => Promise<JWTVerifyResult> {
  if (key.kind === 'secret') {
    const secret = new TextEncoder().encode(key.secret);
    return (token) => jwtVerify(token, secret, { ...claims, algorithms: ['HS256'] });
  }
  const keys = createRemoteJWKSet(new URL(key.url), { timeoutDuration: 3_000 });
  return (token) => jwtVerify(token, keys, { ...claims, algorithms: asymmetric });
}

/** Faults of the token itself, as opposed to those of fetching keys. */
function isTokenFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    // jose throws the base class where the key server answers with anything but 200.
    error.code !== 'ERR_JOSE_GENERIC'
  );
}
