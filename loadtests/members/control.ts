import http from 'k6/http';
import { controlUrl } from '../settings.ts';
import { MemberError } from './errors.ts';

/** What a scenario may have done to the cluster, and what it has to say about it. */
export interface Controls {
  /** Restarts the gateways one after the other, as a deploy does. */
  readonly roll: Record<string, never>;
  /** Kills one gateway with SIGKILL, and starts it again after a while. */
  readonly crash: { readonly downMs: number };
  /** The same with Redis. */
  readonly 'restart-redis': { readonly downMs: number };
  /** Lets whoever connects at `address` read so many bytes a second; 0: as fast as they like. */
  readonly slow: { readonly bytesPerSecond: number };
}

export interface ControlAnswer {
  /** Of `slow`: where to connect. */
  readonly address?: string;
}

/**
 * Asks whoever runs the cluster to do something to it (docs/loadtesting.md, Faults); resolves when it is done. Rejects with
 * `no_control` where nobody is there to ask, or it could not be done.
 */
export async function control<What extends keyof Controls>(
  what: What,
  how: Controls[What],
): Promise<ControlAnswer> {
  if (controlUrl === undefined) throw new MemberError('no_control', `${what}: CONTROL names no address.`);
  const response = await http.asyncRequest('POST', `${controlUrl}/${what}`, JSON.stringify(how), {
    headers: { 'content-type': 'application/json' },
    tags: { name: `control ${what}` },
    timeout: '300s',
  });
  if (response.status === 200) return response.json() as unknown as ControlAnswer;
  const why = response.status === 0 ? response.error : (response.body as string);
  throw new MemberError('no_control', `${what}: ${why}`);
}
