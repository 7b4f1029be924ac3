import { createTokenIssuer, readUsage } from '@sluice/testkit';
import type { DriverName } from '../../options.mjs';
import { startPrivateRedis } from './private-redis.ts';
import { startRealGateways, type RealGateway } from './real-gateways.ts';
import type { Measured, Trial, TrialContext } from './trial.ts';

/** How long a whole gateway takes from its start until it is ready for clients. */
export async function measureReady(
  trial: Trial,
  { options, scope, onPhase }: TrialContext,
): Promise<Measured> {
  onPhase('starting');
  const redis = await startPrivateRedis(scope, options);
  const [gateway] = (await startRealGateways(scope, {
    driver: trial.peer as DriverName,
    count: trial.nodes,
    redisUrl: redis.url,
    issuer: createTokenIssuer(),
    flags: options.nodeFlags,
  })) as [RealGateway];
  const { cpuMs, rssBytes } = readUsage(gateway.child.pid);
  return {
    figures: { readyMs: gateway.readyMs, readyCpuMs: cpuMs, gatewayRssMb: rssBytes / 1_048_576 },
    faults: [],
  };
}
