export * from './browser.ts';
export type { Pace } from './byte-flow.ts';
export * from './chaos/chaos-cluster.ts';
export { isSound, type ChaosReport } from './chaos/chaos-report.ts';
export { faultKinds, planFaults, type FaultKind } from './chaos/fault-plan.ts';
export { checkHistory, type HistoryCheckOptions } from './chaos/history-checker.ts';
export { startOfficialStreamsNode } from './chaos/official-streams-node.ts';
export type * from './chaos/recorded-history.ts';
export { runChaos, type ChaosOptions } from './chaos/run-chaos.ts';
export { SeededRandom } from './chaos/seeded-random.ts';
export { shortestHistory } from './chaos/shortest-history.ts';
export { timeline } from './chaos/timeline.ts';
export type { Violation, ViolationKind } from './chaos/violation.ts';
export * from './child.ts';
export * from './client.ts';
export * from './cluster.ts';
export * from './errors.ts';
export * from './eventually.ts';
export * from './fault-proxy.ts';
export * from './front.ts';
export * from './gateway.ts';
export * from './journal.ts';
export * from './members.ts';
export * from './metrics.ts';
export * from './needle-index.ts';
export * from './otlp/index.ts';
export * from './port.ts';
export type { Cut, Direction, Endpoint, ProxiedConnection, Side } from './proxied-connection.ts';
export * from './process-usage.ts';
export * from './python.ts';
export * from './redis.ts';
export * from './redis-command.ts';
export * from './repository.ts';
export * from './scope.ts';
export * from './sentinel.ts';
export * from './table-rows.ts';
export * from './token.ts';
export {
  renderWaterfall,
  type WaterfallMoment,
  type WaterfallOptions,
} from './waterfall/render-waterfall.ts';
