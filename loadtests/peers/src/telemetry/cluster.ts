import type { Scope, TokenIssuer } from '@sluice/testkit';
import type { SettingName, TelemetryOptions } from '../../telemetry-options.mjs';
import { withTokens } from '../bench/delivery-setting.ts';
import { roomsLayout } from '../bench/layout.ts';
import { startRealGateways, type RealGateway } from '../bench/real-gateways.ts';
import type { PlannedClient } from '../generator/plan.ts';
import { settingOf, type Setting } from './settings.ts';

/** The gateways of one setting, and the clients to be. */
export interface Cluster {
  readonly name: SettingName | 'off';
  readonly setting: Setting;
  readonly gateways: readonly RealGateway[];
  readonly clients: readonly PlannedClient[];
  /** Indices into `clients`. */
  readonly senders: readonly number[];
}

export interface ClusterParts {
  readonly options: TelemetryOptions;
  readonly issuer: TokenIssuer;
  readonly redisUrl: string;
  /** Where traces and metrics go. */
  readonly otlp: string;
}

/** Starts the gateways of one setting, the `index`th (from 0) of those that share a Redis. */
export async function startCluster(
  scope: Scope,
  name: SettingName | 'off',
  index: number,
  { options, issuer, redisUrl, otlp }: ClusterParts,
): Promise<Cluster> {
  const setting = settingOf(name, { otlp, measureMs: options.measureMs });
  const gateways = await startRealGateways(scope, {
    driver: 'lanes',
    count: options.nodes,
    redisUrl,
    issuer,
    flags: [],
    env: { ...setting.env, REDIS_PREFIX: `cluster-${index}` },
  });
  const { clients, senders } = roomsLayout(options);
  const identified = await withTokens(clients, issuer);
  const placed = identified.map((client, number) => ({
    ...client,
    node: client.node + index * options.nodes,
    rooms: client.rooms.map((room) => `${name} ${room}`),
    wantsTrace: setting.tellsOneIn > 0 && number % setting.tellsOneIn === 0,
  }));
  return { name, setting, gateways, clients: placed, senders };
}
