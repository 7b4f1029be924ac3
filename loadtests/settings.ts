/** What a run is told by environment variables: the one place that reads them. */
import { readVariable, scenarios } from './catalogue.mjs';

export type ScenarioName = keyof typeof scenarios;

/** The numbers of a scenario, by the names of its variables. */
export type Size<Name extends ScenarioName> = {
  readonly [Variable in keyof (typeof scenarios)[Name]['variables']]: number;
};

/** The cluster: `http://…` or `https://…`, one address. */
export const target = (__ENV['TARGET'] ?? 'http://127.0.0.1:3000').replace(/\/+$/, '');

/** Signs the members' tokens (HS256). Without it they are asked for at the cluster, which gives them in development only. */
export const tokenSecret = __ENV['JWT_SECRET'] || undefined;

/** A file with one token in each line, for different users, of which member n takes the nth: where others sign them. */
export const tokenFile = __ENV['TOKENS'] || undefined;

/** Where faults are asked for, by POST: `npm run load` answers there. */
export const controlUrl = __ENV['CONTROL'] || undefined;

/** Where the summary is written as JSON. */
export const summaryPath = __ENV['SUMMARY'] || undefined;

/** What the names of rooms begin with; to be given where several k6 share a run. */
export const runName = __ENV['RUN'] || undefined;

/** How many k6 share a run, each with its part of the VUs (`--execution-segment`, the k6 operator's `parallelism`). */
export const instances = readVariable('INSTANCES', { kind: 'count', default: 1 }, __ENV['INSTANCES']);

/** k6's own interface of this run: what its `--address` says, or its default. */
export const k6Url = `http://${__ENV['K6_API'] || 'localhost:6565'}`;

/** How large a run of `scenario` is. */
export function sizeOf<Name extends ScenarioName>(scenario: Name): Size<Name> {
  const { variables } = scenarios[scenario];
  const entries = Object.entries(variables).map(([name, variable]) => [
    name,
    readVariable(name, variable, __ENV[name]),
  ]);
  return Object.fromEntries(entries) as Size<Name>;
}
