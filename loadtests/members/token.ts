import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import http from 'k6/http';
import { target, tokenFile, tokenSecret } from '../settings.ts';
import { MemberError } from './errors.ts';

/** Longer than any run. */
const lifeSeconds = 7 * 24 * 3_600;

const givenTokens = tokenFile === undefined ? undefined : open(tokenFile).split(/\s+/).filter(Boolean);

/**
 * A token for a member: one that was given, where some were; signed here where the secret is known; else a development token
 * of the cluster. Rejects with `no_token`.
 * @param member its name, and its number from 1 on
 */
export async function tokenFor(member: { readonly name: string; readonly id: number }): Promise<string> {
  if (givenTokens !== undefined) return givenToken(givenTokens, member.id);
  return tokenSecret === undefined ? await developmentToken(member.name) : sign(member.name, tokenSecret);
}

function givenToken(tokens: readonly string[], id: number): string {
  const token = tokens[id - 1];
  if (token === undefined)
    throw new MemberError('no_token', `There are ${tokens.length}, and none for member ${id}.`);
  return token;
}

async function developmentToken(user: string): Promise<string> {
  const response = await http.asyncRequest('POST', `${target}/auth/dev-token`, JSON.stringify({ user }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'dev-token' },
  });
  if (response.status === 200) return response.json('token') as string;
  const why = response.status === 0 ? response.error : `status ${response.status}`;
  throw new MemberError('no_token', `${target}: ${why}. Outside development set JWT_SECRET or TOKENS.`);
}

function sign(user: string, secret: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: user, iss: 'sluice', aud: 'sluice', iat: now, exp: now + lifeSeconds };
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    encoding.b64encode(JSON.stringify(part), 'rawurl'),
  );
  const signature = crypto.hmac('sha256', secret, parts.join('.'), 'base64rawurl');
  return [...parts, signature].join('.');
}
