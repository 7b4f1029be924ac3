import { sequence, type Clock, type Lifecycle } from '@sluice/kernel';
import { frontCommand, gatewayCommand, redisCommand, type CommandSources } from './cluster-processes.ts';
import { localUrl } from './cluster-plan.ts';
import type { LogView } from './log-view.ts';
import { OrphanWatcher } from './orphan-watcher.ts';
import { whenReady } from './readiness.ts';
import { SupervisedProcess, type ProcessEnd, type ProcessObserver } from './supervised-process.ts';
import { together } from './together.ts';
import type { TreeStyle } from './trace/trace-tree.ts';
import { createTraceView } from './trace/trace-view.ts';
import { welcome } from './welcome.ts';

export interface LocalClusterDependencies {
  readonly clock: Clock;
  readonly view: LogView;
  readonly treeStyle: TreeStyle;
  /** Called once, where a gateway says that its configuration is wrong: starting it again would not help. */
  readonly onMisconfigured: () => void;
}

/** EX_CONFIG of sysexits.h, by which gateways refuse their configuration. */
const misconfigured = 78;

/** Runs every process of a local cluster. `start` resolves when all of it answers, `stop` when nothing is left. */
export function createLocalCluster(
  dependencies: LocalClusterDependencies,
  sources: CommandSources,
): Lifecycle {
  const { clock, view, treeStyle } = dependencies;
  const { plan } = sources;
  const watcher = new OrphanWatcher();
  let isReady = false;

  const observer: ProcessObserver = {
    wrote: (name, line) => {
      // Until gateways listen, HAProxy warns of each of them.
      if (name === 'front' && !isReady) view.hide(name, line);
      else view.line(name, line);
    },
    started: (name, pid) => {
      if (isReady) view.say(`${name} runs again, pid ${pid}`);
    },
    died(name, end, restartInMs) {
      if (end.signal === null) view.showHidden(name);
      if (end.code === misconfigured && name.startsWith('gateway-')) {
        dependencies.onMisconfigured();
        return false;
      }
      view.say(`${name} ${describeEnd(end)}; starting it again in ${restartInMs} ms`);
      return true;
    },
  };
  const supervise = (command: ConstructorParameters<typeof SupervisedProcess>[0]) =>
    new SupervisedProcess(command, { clock, watcher, observer });

  const redis = redisCommand(sources).map(supervise);
  const gateways = plan.gateways.map((gateway) => supervise(gatewayCommand(gateway, sources)));
  const front = supervise(frontCommand(sources));
  const pids = new Map([...redis, ...gateways, front].map((process) => [process.name, process]));

  const probes = [
    ...plan.gateways.map(({ nodeId, client }) => ({ name: nodeId, url: `${localUrl(client)}/readyz` })),
    { name: 'front', url: `${localUrl(plan.front)}/readyz` },
  ];
  const readiness: Lifecycle = {
    name: 'readiness',
    async start(signal) {
      const onSlow = (pending: readonly string[]) => view.say(`still waiting for ${pending.join(', ')}`);
      await whenReady(probes, { signal, onSlow });
      isReady = true;
      view.print(welcome(plan, (name) => pids.get(name)?.pid));
    },
    // What ends from here on was asked to.
    stop: async () => void (isReady = false),
  };
  const watching: Lifecycle = {
    name: 'orphan watcher',
    start: async () => watcher.start(),
    stop: async () => await watcher.stop(),
  };
  const traces =
    plan.traces === undefined
      ? []
      : [createTraceView({ clock, view }, { address: plan.traces, style: treeStyle })];
  // In the order of stopping, reversed: the front first, Redis and what shows traces after the last gateway has said
  // goodbye to them.
  const parts = [watching, ...traces, ...redis, together('gateways', gateways), front, readiness];
  return sequence('local cluster', parts, { now: () => clock.now() });
}

function describeEnd({ pid, code, signal }: ProcessEnd): string {
  if (pid === undefined) return 'could not be started';
  return `(pid ${pid}) ${signal === null ? `ended with code ${code}` : `was killed by ${signal}`}`;
}
