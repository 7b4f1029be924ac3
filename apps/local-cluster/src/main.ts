import { systemClock } from '@sluice/kernel';
import { requireFreeAddresses } from './address-check.ts';
import { planCluster, type ClusterOptions } from './cluster-plan.ts';
import type { Programs } from './cluster-processes.ts';
import { openDataFolder } from './data-folder.ts';
import { clusterError } from './errors.ts';
import { createLocalCluster } from './local-cluster.ts';
import { createLogView, type LogView } from './log-view.ts';
import { createStopRequest } from './stop-request.ts';
import { overriddenVariables } from './trace/trace-environment.ts';
import type { TreeStyle } from './trace/trace-tree.ts';

export interface Request {
  readonly options: ClusterOptions;
  readonly programs: Programs;
  /** Of this repository. */
  readonly root: string;
  /** A Redis to use instead of a private one. */
  readonly redisUrl: string | undefined;
  /** What the user's shell has. */
  readonly environment: Readonly<NodeJS.ProcessEnv>;
}

/** Longer than the slowest process's own grace. */
const stopDeadlineMs = 20_000;
const exitCodes = { stopped: 0, failed: 1, unavailable: 69, misconfigured: 78 };

/** Runs a cluster until somebody asks it to stop, then exits the process. */
export async function main(request: Request): Promise<never> {
  // A closed terminal or pipe must not keep the cluster from being stopped in order.
  process.stdout.on('error', () => undefined);
  const isTerminal = process.stdout.isTTY;
  const colors = isTerminal && !request.environment['NO_COLOR'];
  const view = createLogView({
    write: (text) => void process.stdout.write(text),
    colors,
    verbose: request.options.verbose,
    nameWidth: 'gateway-16'.length,
  });
  const treeStyle: TreeStyle = { colors, unicode: isTerminal };
  process.exit(await run(request, view, treeStyle).catch((error: unknown) => report(error)));
}

async function run(request: Request, view: LogView, treeStyle: TreeStyle): Promise<number> {
  const { options, programs, root, redisUrl, environment } = request;
  const stop = createStopRequest(process, {
    clock: systemClock,
    // npm is the parent, and may be killed in a way that it cannot pass on.
    watchParent: environment['npm_lifecycle_event'] !== undefined,
    // The orphan watcher clears up.
    onForced: () => process.exit(exitCodes.failed),
  });
  const plan = planCluster(options, redisUrl);
  await requireFreeAddresses(plan);
  const data = openDataFolder(plan.dataFolder, plan.redisFolder);
  let failure: Error | undefined;
  const cluster = createLocalCluster(
    {
      clock: systemClock,
      view,
      treeStyle,
      onMisconfigured: () => {
        failure = clusterError('gateway_misconfigured');
        stop.request('the gateways refuse their configuration');
      },
    },
    { plan, programs, root, driver: options.driver, jwtSecret: data.jwtSecret, userEnvironment: environment },
  );
  try {
    view.say(`starting ${options.nodes} gateway${options.nodes === 1 ? '' : 's'}`);
    const overridden = plan.traces && overriddenVariables(plan.traces, environment);
    if (overridden !== undefined) view.say(overridden);
    await cluster.start(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    const reason = await stop.requested;
    view.say(`stopping: ${reason}`);
    await cluster.stop(stopDeadlineMs);
    view.say('stopped');
  } finally {
    data.release();
  }
  if (failure !== undefined) throw failure;
  return exitCodes.stopped;
}

function report(error: unknown): number {
  if (!clusterError.is(error)) {
    console.error(error);
    return exitCodes.failed;
  }
  console.error(`\n${error.message}`);
  return error.code === 'gateway_misconfigured' ? exitCodes.misconfigured : exitCodes.unavailable;
}
