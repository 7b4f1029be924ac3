import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';
import { createTokenVerifier } from '../src/auth/token-verifier.ts';

const scope = openScope(afterEach);
const secret = 'a secret of at least thirty-two characters';
const names = { issuer: 'sluice', audience: 'sluice' };
const withSecret = createTokenVerifier({ key: { kind: 'secret', secret }, ...names });

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1_000) + fromNow;
const good: JWTPayload = { sub: 'ann', iss: 'sluice', aud: 'sluice', exp: seconds(3_600) };
const sign = (
  claims: JWTPayload,
  key: CryptoKey | string = secret,
  alg = 'HS256',
  kid?: string,
): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader(kid === undefined ? { alg } : { alg, kid })
    .sign(typeof key === 'string' ? new TextEncoder().encode(key) : key);

describe('with a secret', () => {
  test('the subject is the user', async () => {
    expect(await withSecret.verify(await sign(good))).toBe('ann');
  });

  const without = (claim: string): JWTPayload => ({ ...good, [claim]: undefined });
  test.each<[string, () => unknown, string]>([
    ['no token', () => undefined, 'unauthorized'],
    ['a number', () => 7, 'unauthorized'],
    ['an object', () => ({ toString: () => 'x' }), 'unauthorized'],
    ['no JWT', () => 'a.b.c', 'unauthorized'],
    ['a very long one', () => 'x'.repeat(100_000), 'unauthorized'],
    ['an unsigned one', () => new UnsecuredJWT(good).encode(), 'unauthorized'],
    ['a forged one', () => sign(good, 'another secret of thirty-two characters!'), 'unauthorized'],
    ['another algorithm', () => sign(good, secret, 'HS384'), 'unauthorized'],
    ['an expired one', () => sign({ ...good, exp: seconds(-1) }), 'token_expired'],
    ['an expired and forged one', () => sign({ ...good, exp: seconds(-1) }, 'x'.repeat(32)), 'unauthorized'],
    ['one of tomorrow', () => sign({ ...good, nbf: seconds(60) }), 'unauthorized'],
    ['another issuer', () => sign({ ...good, iss: 'mallory' }), 'unauthorized'],
    ['another audience', () => sign({ ...good, aud: 'bank' }), 'unauthorized'],
    ['no expiry', () => sign(without('exp')), 'unauthorized'],
    ['no subject', () => sign(without('sub')), 'unauthorized'],
    ['a subject that is no name', () => sign({ ...good, sub: 'a\nb' }), 'unauthorized'],
    ['a subject too long', () => sign({ ...good, sub: 'x'.repeat(65) }), 'unauthorized'],
  ])('%s is refused', async (_, make, code) => {
    await expect(withSecret.verify(await make())).rejects.toMatchObject({ code });
  });
});

describe('with a key server', () => {
  async function serveKeys(answer: () => { status: number; body: string }): Promise<string> {
    const server = createServer((_request, response) => {
      const { status, body } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    scope.onClose(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  }

  test('its keys count, and no secret made of them', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    const url = await serveKeys(() => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) }));
    const verifier = createTokenVerifier({ key: { kind: 'jwks', url }, ...names });
    expect(await verifier.verify(await sign(good, privateKey, 'RS256', 'k1'))).toBe('ann');
    await expect(verifier.verify(await sign(good, JSON.stringify(jwk), 'HS256', 'k1'))).rejects.toMatchObject(
      {
        code: 'unauthorized',
      },
    );
    const stranger = await generateKeyPair('RS256');
    await expect(verifier.verify(await sign(good, stranger.privateKey, 'RS256', 'k2'))).rejects.toMatchObject(
      {
        code: 'unauthorized',
      },
    );
  });

  test.each([
    ['fails', 500, 'oops'],
    ['answers nonsense', 200, '{"keys": 7}'],
  ])('that %s makes a refusal that may be tried again', async (_, status, body) => {
    const url = await serveKeys(() => ({ status, body }));
    const { privateKey } = await generateKeyPair('RS256');
    const verifier = createTokenVerifier({ key: { kind: 'jwks', url }, ...names });
    await expect(verifier.verify(await sign(good, privateKey, 'RS256', 'k1'))).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
    });
  });
});
