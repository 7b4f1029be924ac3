import { describe, expect, test } from '@jest/globals';
import { requestDevToken, userOfToken, type DevTokenAnswer } from '../src/sign-in/access-token.ts';
import { IdentityKeeper, type Identity } from '../src/sign-in/identity.ts';
import { createJsonShelf, type TextStorage } from '../src/storage/json-shelf.ts';
import { parseIdentity } from '../src/sign-in/identity.ts';
import { memoryShelf } from './fixtures.ts';

const jwt = (claims: object): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const granted = (token: string): DevTokenAnswer => ({ kind: 'granted', token, expiresAt: 1 });

function start(answers: DevTokenAnswer[], identity?: Identity) {
  const identityShelf = memoryShelf(identity);
  const keeper = new IdentityKeeper({
    requestToken: async () => answers.shift() ?? { kind: 'unreachable' },
    identityShelf,
    nameShelf: memoryShelf<string>(),
  });
  return { keeper, identityShelf };
}

describe('signing in', () => {
  test('by name keeps the token for the tab and the name for next time', async () => {
    const { keeper, identityShelf } = start([granted('t1')]);
    await expect(keeper.signIn('Ana')).resolves.toBe('signed-in');
    expect(identityShelf.read()).toEqual({ user: 'Ana', token: 't1', source: 'development' });
    expect(keeper.lastName()).toBe('Ana');
  });

  test.each([
    ['off', 'tokens-off'],
    ['refused', 'refused'],
    ['unreachable', 'unreachable'],
  ] as const)('by name, answered with %s, leaves everything as it is', async (kind, outcome) => {
    const { keeper } = start([{ kind }]);
    await expect(keeper.signIn('Ana')).resolves.toBe(outcome);
    expect(keeper.state.get().kind).toBe('signed-out');
  });

  test('by a pasted token takes the name from it', () => {
    const { keeper } = start([]);
    expect(keeper.signInWithToken('nonsense')).toBe(false);
    expect(keeper.signInWithToken(jwt({ sub: 'Zoë' }))).toBe(true);
    expect(keeper.state.get()).toMatchObject({ identity: { user: 'Zoë', source: 'pasted' } });
  });

  test('renews a development token under the same name', async () => {
    const { keeper } = start([granted('t2')], { user: 'Ana', token: 't1', source: 'development' });
    await expect(keeper.renew()).resolves.toBe('renewed');
    expect(keeper.state.get()).toMatchObject({ identity: { user: 'Ana', token: 't2' } });
  });

  test('stays signed in while nobody can be asked, and not where there is nothing to renew', async () => {
    const identity = { user: 'Ana', token: 't1', source: 'development' } as const;
    const { keeper } = start([{ kind: 'unreachable' }, { kind: 'off' }], identity);
    await expect(keeper.renew()).resolves.toBe('unreachable');
    expect(keeper.state.get().kind).toBe('signed-in');
    await expect(keeper.renew()).resolves.toBe('ended');
    expect(keeper.state.get().kind).toBe('signed-out');
  });

  test('ends with a pasted token that is no longer accepted', async () => {
    const { keeper, identityShelf } = start([], { user: 'Ana', token: 't1', source: 'pasted' });
    await expect(keeper.renew()).resolves.toBe('ended');
    expect(identityShelf.read()).toBeUndefined();
  });
});

describe('tokens', () => {
  test.each(['', 'a.b', 'a.!.c', jwt({ sub: 7 }), jwt([])])('%j names nobody', (token) => {
    expect(userOfToken(token)).toBeUndefined();
  });

  test.each([
    [404, '', 'off'],
    [400, '{}', 'refused'],
    [429, '{}', 'unreachable'],
    [502, '<html>', 'unreachable'],
    [200, '<html>', 'unreachable'],
    [200, '{"token":"t","expiresAt":5}', 'granted'],
  ])('the route answering %i %s means %s', async (status, body, kind) => {
    const answer = await requestDevToken(async () => new Response(body, { status }), 'Ana');
    expect(answer.kind).toBe(kind);
  });

  test('nobody there is not an error to handle', async () => {
    const reject = async (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));
    await expect(requestDevToken(reject, 'Ana')).resolves.toEqual({ kind: 'unreachable' });
  });
});

describe('what the browser remembers', () => {
  const broken: TextStorage = {
    getItem: () => '{',
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
    removeItem: () => undefined,
  };

  test('may be unreadable or unwritable without harm', () => {
    const shelf = createJsonShelf(broken, 'key', parseIdentity);
    expect(shelf.read()).toBeUndefined();
    expect(() => shelf.write({ user: 'Ana', token: 't', source: 'pasted' })).not.toThrow();
  });

  test.each([null, 7, [], { user: 'Ana' }])('%j is not an identity', (stored) => {
    expect(parseIdentity(stored)).toBeUndefined();
  });
});
