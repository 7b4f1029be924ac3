import { readFileSync } from 'node:fs';
import { repositoryPath } from '@sluice/testkit';

export interface Datasource {
  readonly type: string;
  readonly uid: string;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: Datasource;
  readonly targets?: readonly { readonly expr?: string; readonly datasource: Datasource }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

/** The one that Grafana is provisioned with. */
export function readDashboard(): Dashboard {
  const path = repositoryPath('infra/observability/grafana/dashboards/sluice.json');
  return JSON.parse(readFileSync(path, 'utf8')) as Dashboard;
}

/** What its panels ask Prometheus, with Grafana's variables filled in: all gateways that are scraped. */
export function expressionsOf({ panels }: Dashboard): string[] {
  return panels
    .flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => (expr === undefined ? [] : [expr])))
    .map((expression) =>
      expression
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$__range', '1h')
        .replaceAll('$job', 'gateway')
        .replaceAll('$instance', '.*'),
    );
}
