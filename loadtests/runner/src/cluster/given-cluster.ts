import type { Scope } from '@sluice/testkit';
import type { FaultName, RunRequest } from '../../../load-options.mjs';
import { loadError } from '../errors.ts';
import type { ClusterUnderTest, Controls } from './cluster-under-test.ts';
import type { ControlAnswer } from './control-requests.ts';
import { runCommand } from './run-command.ts';
import { createSlowAddress } from './slow-address.ts';

const answerWithinMs = 10_000;

/** A cluster that runs somewhere. Rejects with `target_away` where nobody answers there. */
export async function reachGivenCluster(
  scope: Scope,
  url: string,
  { jwtSecret, commands }: RunRequest,
): Promise<ClusterUnderTest> {
  await requireAnswer(url);
  const bidden =
    (name: FaultName) =>
    async (request: { readonly downMs?: number }): Promise<ControlAnswer> => {
      const env = request.downMs === undefined ? {} : { DOWN_MS: String(request.downMs) };
      await runCommand(scope, `--${name}`, commands[name] as string, env);
      return {};
    };
  const faults = Object.keys(commands).map((name) => [name, bidden(name as FaultName)]);
  return {
    url,
    jwtSecret,
    description: url,
    controls: { ...(Object.fromEntries(faults) as Controls), slow: createSlowAddress(scope, url) },
    processes: () => [],
    counted: () => Promise.resolve([]),
  };
}

async function requireAnswer(url: string): Promise<void> {
  try {
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(answerWithinMs) });
    await response.arrayBuffer();
  } catch (cause) {
    throw loadError('target_away', { text: `Nobody answers at ${url}.`, cause });
  }
}
