import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  connectRefused,
  eventually,
  metricTotal,
  openScope,
  startCluster,
  uniqueName,
  type Cluster,
  type ConnectOptions,
  type Gateway,
  type MetricSample,
  type TokenIssuer,
  type TokenOverrides,
} from '@sluice/testkit';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let gateway: Gateway;
let issuer: TokenIssuer;

beforeAll(async () => {
  cluster = await startCluster(shared, { nodes: 1, env: { LOG_LEVEL: 'trace' } });
  gateway = cluster.gateway(0);
  issuer = cluster.issuer;
});

const unauthorized = { code: 'unauthorized', retryable: false, counted: 1, logged: [] };
const now = () => Math.floor(Date.now() / 1000);

/** What a refused client is told, how often that was counted, and which parts of its token are in the log. */
async function refusal(options: ConnectOptions) {
  const before = await gateway.metrics();
  const lines = gateway.child.output.entries.length;
  const told = await connectRefused(scope, gateway, options);
  const after = await gateway.metrics();
  const count = (samples: MetricSample[]) =>
    metricTotal(samples, 'sluice_connections_refused_total', { code: told.code });
  const output = gateway.child.output.entries.slice(lines).map((line) => line.text);
  const presented = options.token ?? options.auth?.['token'];
  const parts = (typeof presented === 'string' ? presented : '').split('.').filter((part) => part.length > 8);
  const logged = parts.filter((part) => output.join('\n').includes(part));
  return { ...told, counted: count(after) - count(before), logged };
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a connection is refused', () => {
  const notTokens: Array<[string, Record<string, unknown>]> = [
    ['no authentication', {}],
    ['a token of null', { token: null }],
    ['a token that is a number', { token: 1 }],
    ['a token that is true', { token: true }],
    ['a token that is a list', { token: ['x'] }],
    ['a token that is an object', { token: { toString: 'x' } }],
    ['an empty token', { token: '' }],
    ['words', { token: 'let me in please' }],
    ['a token of 100,000 characters', { token: 'x.'.repeat(25_000) }],
    ['the secret of another field', { password: 'x' }],
  ];
  test.each(notTokens)('with %s', async (_, auth) => {
    expect(await refusal({ auth })).toEqual(unauthorized);
  });

  const wrongTokens: Array<[string, string, TokenOverrides]> = [
    ['signed with another secret', 'ada', { secret: 'another secret, as long as the right one' }],
    ['of another issuer', 'ada', { claims: { iss: 'elsewhere' } }],
    ['without an issuer', 'ada', { claims: { iss: undefined } }],
    ['for another audience', 'ada', { claims: { aud: 'elsewhere' } }],
    ['without an audience', 'ada', { claims: { aud: undefined } }],
    ['that never expires', 'ada', { claims: { exp: undefined } }],
    ['with an expiry that is no number', 'ada', { claims: { exp: 'never' } }],
    ['that is not valid yet', 'ada', { claims: { nbf: now() + 3_600 } }],
    ['without a subject', 'ada', { claims: { sub: undefined } }],
    ['with a subject that is a number', 'ada', { claims: { sub: 7 } }],
    ['with an empty subject', '', {}],
    ['with a blank subject', ' ', {}],
    ['with a subject of 65 characters', 'x'.repeat(65), {}],
    ['with a control character in the subject', 'ada\u0000', {}],
    ['with half a character as the subject', '\uD800', {}],
    ['signed with another algorithm of the same key', 'ada', { algorithm: 'HS512' }],
  ];
  test.each(wrongTokens)('with a token %s', async (_, user, overrides) => {
    expect(await refusal({ token: await issuer.token(user, overrides) })).toEqual(unauthorized);
  });

  test('with a token that has expired, which it is told', async () => {
    const token = await issuer.token('ada', { claims: { exp: now() - 1 } });
    expect(await refusal({ token })).toEqual({ ...unauthorized, code: 'token_expired' });
  });

  test('with an expired token of another secret, which is no token at all', async () => {
    const overrides = { claims: { exp: now() - 1 }, secret: 'another secret, as long as the right one' };
    expect(await refusal({ token: await issuer.token('ada', overrides) })).toEqual(unauthorized);
  });

  test.each(['none', 'None', 'NONE', 'nOnE'])('with an unsigned token (alg %s)', async (alg) => {
    const claims = { sub: 'ada', iss: 'sluice', aud: 'sluice', exp: now() + 3_600 };
    const unsigned = `${base64url({ alg })}.${base64url(claims)}.`;
    expect(await refusal({ token: unsigned })).toEqual(unauthorized);
    const [, , signature] = (await issuer.token('ada')).split('.');
    expect(await refusal({ token: `${unsigned}${signature}` })).toEqual(unauthorized);
  });

  test('with a token whose claims or signature were changed', async () => {
    const [header, , signature] = (await issuer.token('ada')).split('.');
    const claims = base64url({ sub: 'root', iss: 'sluice', aud: 'sluice', exp: now() + 3_600 });
    expect(await refusal({ token: `${header}.${claims}.${signature}` })).toEqual(unauthorized);
    const [, body] = (await issuer.token('ada')).split('.');
    expect(await refusal({ token: `${header}.${body}.${signature?.slice(1)}` })).toEqual(unauthorized);
    expect(await refusal({ token: `${header}.${body}.` })).toEqual(unauthorized);
  });

  test('with a good token in the wrong place', async () => {
    const token = await issuer.token('ada');
    const elsewhere = { query: { token }, extraHeaders: { authorization: `Bearer ${token}` } };
    expect(await refusal({ auth: {}, socket: elsewhere })).toEqual(unauthorized);
  });

  test('in any namespace but the one there is', async () => {
    const url = `${gateway.url}/operators`;
    await expect(connect(scope, { url, issuer })).rejects.toMatchObject({ code: 'connect_failed' });
  });
});

test('a refused client leaves the others alone, and may come again', async () => {
  const user = uniqueName('user');
  const settled = await connect(scope, gateway, { user });
  expect(await refusal({ user, auth: { token: 'x' } })).toEqual(unauthorized);
  const again = await connect(scope, gateway, { user });
  await settled.join('lobby');
  await again.join('lobby');
  // Those of the tests before may be on their way out.
  await eventually(
    async () => ((await gateway.inspect('/node')) as { connections: number }).connections === 2,
  );
});

const post = (target: Gateway, body: string, type = 'application/json') =>
  fetch(`${target.url}/auth/dev-token`, { method: 'POST', headers: { 'content-type': type }, body });

describe('POST /auth/dev-token', () => {
  test('does not exist outside development', async () => {
    expect((await post(gateway, '{"user":"ada"}')).status).toBe(404);
  });

  test('gives a token to anybody in development, and says what is wrong otherwise', async () => {
    const dev = await cluster.add('dev', { NODE_ENV: 'development' });
    const response = await post(dev, '{"user":"Ada Lovelace"}');
    expect(response.status).toBe(200);
    const { token, expiresAt } = (await response.json()) as { token: string; expiresAt: number };
    expect(expiresAt).toBeGreaterThan(Date.now());
    const client = await connect(scope, dev, { token });
    expect(client.heard('session:ready')).toMatchObject([{ user: 'Ada Lovelace' }]);

    const wrong = ['', '{', 'null', '[]', '{}', '{"user":1}', '{"user":""}', `{"user":"${'x'.repeat(65)}"}`];
    for (const body of wrong) {
      const refused = await post(dev, body);
      expect({ body, status: refused.status, ...((await refused.json()) as object) }).toEqual({
        body,
        status: 400,
        error: { code: 'invalid_payload', message: expect.any(String), retryable: false },
      });
    }
    expect((await post(dev, '{"user":"ada"}', 'text/plain')).status).toBe(400);
    expect((await post(dev, `{"user":"${'x'.repeat(5_000)}"}`)).status).toBe(413);
  });
});
