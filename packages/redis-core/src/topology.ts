import { redisError } from './errors.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface StandaloneTopology {
  readonly kind: 'standalone';
  /** `redis[s]://[[username][:password]@]host[:port][/db]` */
  readonly url: string;
  /** The same without credentials, for logs. */
  readonly displayUrl: string;
}

/** A master that sentinels watch, and replace by one of its replicas where it fails. */
export interface SentinelTopology {
  readonly kind: 'sentinel';
  readonly sentinels: readonly Address[];
  readonly masterName: string;
  /** For Redis; for the sentinels too, where they ask for any. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly displayUrl: string;
}

/** Where Redis is. Cluster is a further member of this union to come; the ports of this package do not change with it. */
export type Topology = StandaloneTopology | SentinelTopology;

const sentinelUrl =
  /^redis-sentinel:\/\/(?:(?<user>[^/?#@]*)@)?(?<hosts>[^/?#@]+)\/(?<master>[\w.-]+)(?:\/(?<database>\d{1,5})?)?$/;
const sentinelHost = /^(?:\[(?<ipv6>[\da-fA-F:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/;
const sentinelPort = 26_379;

/**
 * Parses REDIS_URL: `redis[s]://[[username][:password]@]host[:port][/db]`, or
 * `redis-sentinel://[[username][:password]@]host[:port],host[:port],…/masterName[/db]` with the sentinels' addresses.
 * Throws `redis_config_invalid`, whose text never repeats the URL: it may hold a password.
 */
export function parseRedisUrl(text: string): Topology {
  const scheme = /^[a-z+-]+:/.exec(text)?.[0];
  if (scheme === 'redis-sentinel:') return parseSentinelUrl(text);
  if (scheme !== undefined && /^rediss?[+-]cluster:$/.test(scheme)) {
    throw invalid('Redis Cluster is not supported yet; expected redis://, rediss:// or redis-sentinel://');
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('not a URL; expected redis://host:port, rediss://… or redis-sentinel://host:port,…/name');
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw invalid('unsupported scheme; expected redis://, rediss:// or redis-sentinel://');
  }
  decodeCredential(url.username + url.password);
  if (url.hostname === '') throw invalid('the URL names no host');
  if (!/^\/?(\d{1,5})?$/.test(url.pathname)) throw invalid('the path must be empty or a database number');
  const displayUrl = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return Object.freeze({ kind: 'standalone', url: text, displayUrl });
}

// By hand: a URL as WHATWG has it holds one host only.
function parseSentinelUrl(text: string): SentinelTopology {
  const parts = sentinelUrl.exec(text)?.groups;
  if (parts === undefined) {
    throw invalid('expected redis-sentinel://[username:password@]host[:port],…/masterName[/database]');
  }
  const { user, hosts = '', master = '', database } = parts;
  const [username = '', ...password] = (user ?? '').split(':');
  const path = database === undefined ? master : `${master}/${database}`;
  return Object.freeze({
    kind: 'sentinel',
    sentinels: hosts.split(',').map(parseSentinelHost),
    masterName: master,
    username: decodeCredential(username),
    password: decodeCredential(password.join(':')),
    database: Number(database ?? 0),
    displayUrl: `redis-sentinel://${hosts}/${path}`,
  });
}

function parseSentinelHost(text: string): Address {
  const parts = sentinelHost.exec(text)?.groups;
  const host = parts?.['ipv6'] ?? parts?.['name'];
  const port = Number(parts?.['port'] ?? sentinelPort);
  if (host === undefined || port < 1 || port > 65_535)
    throw invalid('a sentinel must be given as host[:port]');
  return { host, port };
}

function decodeCredential(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    throw invalid('the credentials are not percent-encoded as they should be');
  }
}

function invalid(text: string): Error {
  return redisError('redis_config_invalid', { text });
}
