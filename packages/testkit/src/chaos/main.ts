import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver } from '../gateway.ts';
import { repositoryPath } from '../repository.ts';
import { openScope } from '../scope.ts';
import { gatewayStarter, startChaosCluster, type ChaosCluster } from './chaos-cluster.ts';
import { isSound, type ChaosReport } from './chaos-report.ts';
import { runChaos, type ChaosProgress } from './run-chaos.ts';
import { describeEvent } from './timeline.ts';
import { verdictTable } from './verdict-table.ts';

export interface ChaosCommand {
  readonly seed: number;
  readonly minutes: number;
  readonly driver: Driver;
  readonly nodes: number;
}

/** Long enough for chains of many reconnections, short enough to keep and to judge. */
const roundMs = 30_000;
/** What the gateways' own default leaves after the time that a return itself may take. */
const recoveryWindowMs = 100_000;
const exitCodes = { sound: 0, unsound: 1 };
const progressEveryMs = 10_000;

/** Runs rounds of chaos with the seeds from `seed` on until the time is up or a promise is broken. */
export async function main(command: ChaosCommand): Promise<number> {
  const terminal = process.stdout.isTTY;
  const scope = openScope();
  const leave = (): void => {
    void scope.close().finally(() => process.exit(exitCodes.unsound));
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  try {
    say(
      `chaos: ${command.driver}, ${command.nodes} nodes, ${command.minutes} min from seed ${command.seed} on\n`,
    );
    const cluster = await startChaosCluster(scope, {
      nodes: command.nodes,
      start: gatewayStarter(command.driver),
    });
    const reports = await runRounds(cluster, command, terminal);
    const last = reports.at(-1);
    say(`\n${verdictTable(reports, { colors: terminal && !process.env['NO_COLOR'] })}\n`);
    if (last === undefined || isSound(last)) return exitCodes.sound;
    say(`\n${last.shortest ?? 'No promise was broken, but not everybody was served in time.'}\n`);
    for (const what of last.unsettled) say(`unsettled: ${what}\n`);
    say(`\nseed ${last.seed} failed; everything about it is in ${keepFailure(last, cluster)}\n`);
    return exitCodes.unsound;
  } finally {
    await scope.close();
  }
}

async function runRounds(
  cluster: ChaosCluster,
  { seed, minutes, driver }: ChaosCommand,
  terminal: boolean,
): Promise<ChaosReport[]> {
  const reports: ChaosReport[] = [];
  const totalMs = minutes * 60_000;
  let saidMs = 0;
  for (let doneMs = 0; doneMs < totalMs; doneMs += roundMs) {
    const onProgress = (progress: ChaosProgress): void => {
      const elapsedMs = doneMs + progress.elapsedMs;
      const line = progressLine(progress, elapsedMs, totalMs);
      if (terminal) say(`\r\u001B[K${line}`);
      else if (elapsedMs - saidMs >= progressEveryMs) {
        saidMs = elapsedMs;
        say(`${line}\n`);
      }
    };
    const report = await runChaos(cluster, {
      seed: seed + reports.length,
      durationMs: Math.min(roundMs, totalMs - doneMs),
      // The official adapters do not promise to recover everybody.
      recoveryWindowMs: driver === 'lanes' ? recoveryWindowMs : undefined,
      onProgress,
    });
    reports.push(report);
    if (!isSound(report)) break;
  }
  if (terminal) say('\r\u001B[K');
  return reports;
}

function progressLine(
  { seed, published, receipts, injected }: ChaosProgress,
  ms: number,
  totalMs: number,
): string {
  const time = `${Math.floor(ms / 1_000)} of ${Math.round(totalMs / 1_000)} s`;
  return `${time}, seed ${seed}: ${injected} faults, ${published} acknowledged, ${receipts} heard`;
}

function say(text: string): void {
  process.stdout.write(text);
}

/** Writes down what a failed run leaves to look at; returns the folder. */
function keepFailure({ seed, history, violations }: ChaosReport, cluster: ChaosCluster): string {
  const name = join('.sluice', 'chaos', `seed-${seed}`);
  const folder = repositoryPath(name);
  mkdirSync(folder, { recursive: true });
  const events = history.events.map((event) => describeEvent(event, 0)).join('\n');
  writeFileSync(join(folder, 'history.txt'), `${events}\n`);
  writeFileSync(
    join(folder, 'violations.txt'),
    violations.map(({ kind, text }) => `${kind}: ${text}\n`).join(''),
  );
  for (const node of cluster.processes) {
    writeFileSync(join(folder, `${node.nodeId}.log`), node.output());
  }
  return name;
}
