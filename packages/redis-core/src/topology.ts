import { redisError } from './errors.ts';

/**
 * Where Redis is. Standalone today; Sentinel and Cluster are further members of this union, and the ports that
 * clients of this package see do not change with it.
 */
export interface Topology {
  readonly kind: 'standalone';
  /** `redis[s]://[[username][:password]@]host[:port][/db]` */
  readonly url: string;
  /** The same without credentials, for logs. */
  readonly displayUrl: string;
}

/** Parses REDIS_URL. Throws `redis_config_invalid`, whose text never repeats the URL: it may hold a password. */
export function parseRedisUrl(text: string): Topology {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw redisError('redis_config_invalid', { text: 'not a URL; expected redis://host:port or rediss://…' });
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw redisError('redis_config_invalid', {
      text: 'unsupported scheme; expected redis:// or rediss:// (Sentinel and Cluster are not supported yet)',
    });
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw redisError('redis_config_invalid', {
      text: 'the credentials are not percent-encoded as they should be',
    });
  }
  if (url.hostname === '') throw redisError('redis_config_invalid', { text: 'the URL names no host' });
  if (!/^\/?(\d{1,5})?$/.test(url.pathname)) {
    throw redisError('redis_config_invalid', { text: 'the path must be empty or a database number' });
  }
  const displayUrl = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return Object.freeze({ kind: 'standalone', url: text, displayUrl });
}
