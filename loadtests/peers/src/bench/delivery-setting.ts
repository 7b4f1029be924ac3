import { createTokenIssuer, type RedisServer, type TokenIssuer } from '@sluice/testkit';
import type { DriverName } from '../../options.mjs';
import type { DialectName } from '../generator/dialect/dialect.ts';
import type { PlannedClient } from '../generator/plan.ts';
import { crowdLayout, roomsLayout, type Layout } from './layout.ts';
import { startNodes, type Node } from './nodes.ts';
import { startRealGateways } from './real-gateways.ts';
import type { Trial, TrialContext } from './trial.ts';

/** Nodes that run, and clients to be. */
interface DeliverySetting extends Layout {
  readonly nodes: readonly Node[];
  readonly dialect: DialectName;
  readonly ratePerS: number;
}

export type ArrangeDelivery = (
  trial: Trial,
  context: TrialContext,
  redis: RedisServer,
) => Promise<DeliverySetting>;

/** Small rooms over all nodes. */
export const arrangeRooms: ArrangeDelivery = async (trial, context, redis) => {
  const { clients, roomSize, ratePerS } = context.options;
  const layout = roomsLayout({ clients, roomSize, nodes: trial.nodes });
  return { ...(await nodesUnderTest(trial, context, redis)), ...layout, ratePerS };
};

/** The same over the first nodes alone, as many as there are at the fewest: the others serve nobody. */
export const arrangeFlat: ArrangeDelivery = async (trial, context, redis) => {
  const { clients, roomSize, ratePerS, nodes } = context.options;
  const layout = roomsLayout({ clients, roomSize, nodes: Math.min(...nodes) });
  return { ...(await nodesUnderTest(trial, context, redis)), ...layout, ratePerS };
};

/** One room with many sockets on every node. */
export const arrangeFanout: ArrangeDelivery = async (trial, context, redis) => {
  const { socketsPerNode, fanoutRatePerS } = context.options;
  const layout = crowdLayout({ perNode: socketsPerNode, nodes: trial.nodes });
  return { ...(await nodesUnderTest(trial, context, redis)), ...layout, ratePerS: fanoutRatePerS };
};

/** Small rooms over whole gateways: tokens checked, limits kept, every message acknowledged and in the room's history. */
export const arrangeGateway: ArrangeDelivery = async (trial, { options, scope }, redis) => {
  const { clients, roomSize, ratePerS, nodeFlags } = options;
  const issuer = createTokenIssuer();
  const nodes = await startRealGateways(scope, {
    driver: trial.peer as DriverName,
    count: trial.nodes,
    redisUrl: redis.url,
    issuer,
    flags: nodeFlags,
  });
  const layout = roomsLayout({ clients, roomSize, nodes: trial.nodes });
  return { nodes, dialect: 'chat', ...layout, clients: await withTokens(layout.clients, issuer), ratePerS };
};

/** The clients, each identified by a token. */
export async function withTokens(
  clients: readonly PlannedClient[],
  issuer: TokenIssuer,
): Promise<PlannedClient[]> {
  return await Promise.all(
    clients.map(async (client) => ({ ...client, identity: await issuer.token(client.identity) })),
  );
}

async function nodesUnderTest(
  { peer, nodes: count }: Trial,
  { options, scope }: TrialContext,
  redis: RedisServer,
): Promise<Pick<DeliverySetting, 'nodes' | 'dialect'>> {
  const nodes = await startNodes(scope, { peer, count, redisUrl: redis.url }, options);
  return { nodes, dialect: dialectOf(peer) };
}

/** What the clients of a peer's nodes under test speak. */
export function dialectOf(peer: Trial['peer']): DialectName {
  return peer === 'floor' || peer === 'centrifugo' ? peer : 'socket-io';
}
