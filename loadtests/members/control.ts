import http from 'k6/http';
import type { ControlAnswer, ControlName, ControlRequests } from '../runner/src/cluster/control-requests.ts';
import { controlUrl } from '../settings.ts';
import { MemberError } from './errors.ts';

/**
 * Asks whoever runs the cluster to do something to it (docs/loadtesting.md, Faults); resolves when it is done. Rejects with
 * `no_control` where nobody is there to ask, or it could not be done.
 */
export async function control<What extends ControlName>(
  what: What,
  how: ControlRequests[What],
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
