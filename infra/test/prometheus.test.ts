import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  freePorts,
  openScope,
  repositoryPath,
  requireProgram,
  spawnChild,
  startCluster,
  type Cluster,
} from '@sluice/testkit';
import { expressionsOf, readDashboard } from './dashboard.ts';
import { startPrometheus, type Prometheus } from './prometheus.ts';
import { promtool } from './promtool.ts';

interface Targets {
  readonly activeTargets: readonly { readonly labels: { readonly job: string }; readonly health: string }[];
}

interface Samples {
  readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[];
}

interface RuleGroups {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly name: string;
      readonly health: string;
      readonly lastError?: string;
    }[];
  }[];
}

describe('the real Prometheus of Debian scrapes the cluster', () => {
  const scope = openScope(afterAll);
  let cluster: Cluster;
  let prometheus: Prometheus;

  beforeAll(async () => {
    cluster = await startCluster(scope, { nodes: 2 });
    const [port, stats] = await freePorts(scope, 2);
    await spawnChild(scope, {
      name: 'haproxy',
      command: requireProgram('haproxy'),
      args: ['-db', '-f', repositoryPath('infra/haproxy/haproxy.cfg')],
      env: {
        FRONT_BIND: `127.0.0.1:${port}`,
        FRONT_STATS_BIND: `127.0.0.1:${stats}`,
        GATEWAY_1: new URL(cluster.gateway(0).url).host,
        GATEWAY_2: new URL(cluster.gateway(1).url).host,
      },
    });
    prometheus = await startPrometheus(scope, {
      'gateway-1:3100': new URL(cluster.gateway(0).operatorUrl).host,
      'gateway-2:3100': new URL(cluster.gateway(1).operatorUrl).host,
      'front:8404': `127.0.0.1:${stats}`,
    });
    // Counters and histograms with something in them.
    const clients = await Promise.all(cluster.gateways.map((gateway) => connect(scope, gateway)));
    for (const client of clients) await client.join('observed');
    await clients[0]?.say('observed', 'hello');
    await Promise.all(clients.map((client) => client.untilText('observed', 'hello')));
    await eventually(async () => {
      const { activeTargets } = (await prometheus.get('targets', { state: 'active' })) as Targets;
      const up = activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.job);
      return up.toSorted().join() === 'front,gateway,gateway';
    });
  });

  test('and has their metrics, each under its name', async () => {
    const { result } = await eventually(async () => {
      const samples = (await prometheus.get('query', { query: 'sluice_connections == 1' })) as Samples;
      return samples.result.length === 2 && samples;
    });
    expect(result.map(({ metric }) => metric)).toEqual([
      { __name__: 'sluice_connections', job: 'gateway', instance: 'gateway-1' },
      { __name__: 'sluice_connections', job: 'gateway', instance: 'gateway-2' },
    ]);
  });

  test('and promtool check metrics is clean', async () => {
    for (const gateway of cluster.gateways) {
      const response = await fetch(`${gateway.operatorUrl}/metrics`);
      expect(await promtool(['check', 'metrics'], await response.text())).toEqual({ code: 0, output: '' });
    }
  });

  test('and evaluates every rule, none of which alerts', async () => {
    const rules = await eventually(async () => {
      const { groups } = (await prometheus.get('rules')) as RuleGroups;
      const all = groups.flatMap((group) => group.rules);
      return all.every(({ health }) => health !== 'unknown') && all;
    });
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await prometheus.get('query', { query: 'ALERTS{alertstate="firing"}' })).toMatchObject({
      result: [],
    });
  });

  test("and answers every question of Grafana's dashboard", async () => {
    const expressions = expressionsOf(readDashboard());
    // It throws what cannot be evaluated.
    for (const query of expressions) await prometheus.get('query', { query });
    // What is not of our catalogue exists all the same.
    const names = (await prometheus.get('label/__name__/values')) as string[];
    const asked = expressions.flatMap(
      (expression) => expression.match(/\b(process|nodejs|haproxy)_\w+/g) ?? [],
    );
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
  });
});
