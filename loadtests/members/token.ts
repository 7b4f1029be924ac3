import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import http from 'k6/http';
import { target, tokenSecret } from '../settings.ts';
import { MemberError } from './errors.ts';

const lifeSeconds = 12 * 3_600;

/** A token for `user`: signed here where the secret is known, else a development token of the cluster. */
export async function tokenFor(user: string): Promise<string> {
  return tokenSecret === undefined ? await developmentToken(user) : sign(user, tokenSecret);
}

async function developmentToken(user: string): Promise<string> {
  const response = await http.asyncRequest('POST', `${target}/auth/dev-token`, JSON.stringify({ user }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'dev-token' },
  });
  if (response.status === 200) return response.json('token') as string;
  const why = response.status === 0 ? response.error : `status ${response.status}`;
  throw new MemberError('no_token', `${target}: ${why}. Outside development set JWT_SECRET.`);
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
