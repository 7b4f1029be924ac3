import { localUrl, type ClusterPlan } from './cluster-plan.ts';
import { tracesUrl } from './trace/trace-environment.ts';

/** What a person needs to know once the cluster runs. */
export function welcome(plan: ClusterPlan, pidOf: (process: string) => number | undefined): string {
  const url = localUrl(plan.front);
  const first = plan.gateways[0]?.nodeId ?? '';
  const rows = [
    ...plan.gateways.map(({ nodeId, client, operator }) => [
      nodeId,
      `pid ${pidOf(nodeId)}`,
      localUrl(client),
      `operators: ${localUrl(operator)}/node and /metrics`,
    ]),
    ['redis', ...(plan.redis === undefined ? ['yours'] : [`pid ${pidOf('redis')}`, plan.redisUrl])],
    ['front', `pid ${pidOf('front')}`, url],
  ];
  return [
    '',
    `Sluice is ready: ${url}`,
    '',
    ...table(rows).map((row) => `  ${row}`),
    `  data in ${plan.dataFolder}`,
    ...(plan.traces === undefined
      ? []
      : [
          `  traces of each message and connection appear below; their spans go to ${tracesUrl(plan.traces)}`,
        ]),
    '',
    'What to try',
    `  1. Open ${url} in two browsers, sign in under two names, and chat. Each says which gateway it is on.`,
    `  2. Kill the gateway of one: kill -9 ${pidOf(first)} is ${first}. The page reconnects to another and misses nothing.`,
    ...(plan.redis === undefined
      ? []
      : [
          `  3. Kill Redis: kill -9 ${pidOf('redis')}. What was acknowledged is still there when it is back.`,
        ]),
    '',
    ...(isLoopback(plan.front.host)
      ? []
      : ['This is a development cluster: whoever reaches this address can sign in under any name.', '']),
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function table(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
