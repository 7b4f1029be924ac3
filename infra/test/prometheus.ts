import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  freePort,
  openScope,
  readyOrEnded,
  repositoryPath,
  requireProgram,
  spawnChild,
  type Scope,
} from '@sluice/testkit';
import { parse, stringify } from 'yaml';

interface ScrapeConfig {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[]; readonly labels?: object }[];
}

interface Configuration {
  readonly global: object;
  readonly scrape_configs: readonly ScrapeConfig[];
}

export interface Prometheus {
  /** What its HTTP API answers, `data` of it; throws what it has to complain of. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
}

/**
 * Starts the real Prometheus with this repository's configuration and rules, scraping each second. `targets` says where each
 * of the configuration's targets is; those it does not name are left out.
 */
export async function startPrometheus(
  scope: Scope,
  targets: Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const own = openScope();
  scope.onClose(() => own.close());
  const dir = mkdtempSync(join(tmpdir(), 'sluice-test-prometheus-'));
  own.onClose(() => rmSync(dir, { recursive: true, force: true }));
  const shipped = parse(
    readFileSync(repositoryPath('infra/observability/prometheus.yml'), 'utf8'),
  ) as Configuration;
  const config = {
    ...shipped,
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    scrape_configs: shipped.scrape_configs.map((job) => ({
      ...job,
      static_configs: job.static_configs.flatMap((group) => {
        const found = group.targets.flatMap((target) => targets[target] ?? []);
        return found.length === 0 ? [] : [{ ...group, targets: found }];
      }),
    })),
  };
  writeFileSync(join(dir, 'prometheus.yml'), stringify(config));
  cpSync(repositoryPath('infra/observability/rules.yml'), join(dir, 'rules.yml'));
  const url = `http://127.0.0.1:${await freePort(own)}`;
  const child = await spawnChild(own, {
    name: 'prometheus',
    command: requireProgram('prometheus'),
    args: [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
  });
  await readyOrEnded(child, 'prometheus', (signal) =>
    eventually(async () => (await fetch(`${url}/-/ready`)).ok, {
      describe: () => `prometheus is ready; ${child.tail()}`,
      signal,
    }),
  );
  return {
    async get(path, query = {}) {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
      const answer = (await response.json()) as { data?: unknown; error?: string };
      if (answer.error !== undefined) throw new Error(`${answer.error}: ${path} ${JSON.stringify(query)}`);
      return answer.data;
    },
  };
}
