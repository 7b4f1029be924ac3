import { createHash } from 'node:crypto';

/** A server-side script, sent by its digest and in full only where the server does not know it yet. */
export interface Script {
  readonly source: string;
  /** Lower-case hexadecimal SHA-1 of the source, as EVALSHA wants it. */
  readonly sha1: string;
}

export function defineScript(source: string): Script {
  return Object.freeze({ source, sha1: createHash('sha1').update(source).digest('hex') });
}
