import http from 'k6/http';
import { complain } from '../complain.ts';
import type { ControlAnswer, ControlName, ControlRequests } from '../runner/src/cluster/control-requests.ts';
import { controlUrl } from '../settings.ts';
import { MemberError } from './errors.ts';

/**
 * Asks whoever runs the cluster to do something to it (docs/loadtesting.md); resolves when it is done. Rejects with `no_control`
 * where it could not be done. Where nobody is there to ask, it says so: somebody may do it by hand, and thresholds say whether
 * somebody did.
 */
export async function control<What extends ControlName>(
  what: What,
  how: ControlRequests[What],
): Promise<ControlAnswer> {
  if (controlUrl === undefined) {
    complain(`nobody is there to be asked: do this by hand, now: ${what} ${JSON.stringify(how)}`);
    return {};
  }
  const response = await http.asyncRequest('POST', `${controlUrl}/${what}`, JSON.stringify(how), {
    headers: { 'content-type': 'application/json' },
    tags: { name: `control ${what}` },
    timeout: '300s',
  });
  if (response.status === 200) return response.json() as unknown as ControlAnswer;
  const why = response.status === 0 ? response.error : (response.body as string);
  throw new MemberError('no_control', `${what}: ${why}`);
}
