import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { kinds, readVariable, scenarioNames, scenarios } from './catalogue.mjs';

/** What is wrong with what was asked for, one line each. */
export class UsageError extends Error {
  /** EX_USAGE of sysexits.h. */
  exitCode = 64;
}

const drivers = ['lanes', 'streams', 'sharded-pubsub'];
const maxNodes = 16;
/** What a scenario may need done to the cluster, the option that says how where the cluster is a given one, and what it is. */
const faultOptions = {
  roll: { option: 'roll', text: 'restarts the gateways one after the other' },
  crash: { option: 'crash', text: 'kills one gateway, and starts it again $DOWN_MS milliseconds later' },
  'restart-redis': {
    option: 'restart-redis',
    text: 'kills Redis, and starts it again $DOWN_MS milliseconds later',
  },
};

/** Variables of the environment that every scenario heeds. */
const environment = {
  TARGET: 'test this cluster (http://… or https://…) instead of one started for the run',
  JWT_SECRET: "sign the members' tokens with this; else the cluster is asked for development tokens",
  TOKENS: 'a file with one token per line, each of another user: member n takes the nth',
  INSTANCES: 'with --archive: how many k6 will share the run, the members evenly (default 1)',
  RUN: "what the names of the run's rooms begin with (default: made up)",
  K6: 'the k6 to use; else one on PATH, else one that is built once, for which there must be Go',
};

/** @param {string | undefined} scenario its help alone */
export function helpFor(scenario) {
  return scenario === undefined ? usage : scenarioHelp(scenario);
}

const usage = `Usage: npm run load -- SCENARIO [SCENARIO ...] [NAME=value ...] [options]
       npm run load -- all
       npm run load -- SCENARIO --help      its variables and their defaults
       npm run load -- SCENARIO [NAME=value ...] --archive FILE

Loads a cluster with k6, and checks all that every member hears: a run fails where anything is lost, repeated, out of order,
or told to somebody else, and where a threshold of speed is crossed. Without TARGET it starts a cluster for each run: Redis
with an append-only file, gateways, HAProxy. Leaves a report (HTML), a summary (JSON) and a line in a table of results.

Scenarios
${scenarioNames.map((name) => `  ${name.padEnd(11)} ${wrapped(scenarios[name].proves, 14)}`).join('\n')}

Options
  --nodes N            gateways to start, 1 to ${maxNodes} (default 3)
  --driver NAME        cluster adapter of these: ${drivers.join(', ')} (default: the gateway's own default)
  --out DIR            where results go (default loadtests/results)
${Object.values(faultOptions)
  .map(
    ({ option, text }) =>
      `  --${`${option} COMMAND`.padEnd(19)}${wrapped(`with TARGET: the shell command that ${text}`, 23)}`,
  )
  .join('\n')}
  --archive FILE       run nothing: write the scenario with its sizes as an archive, for many k6 to share
                       (infra/k6/testrun.yaml)
  --help               this text

Environment
${Object.entries(environment)
  .map(([name, text]) => `  ${name.padEnd(11)} ${wrapped(text, 14)}`)
  .join('\n')}
  The variables of a scenario (MEMBERS, SECONDS, ...) may be given here too, and K6_... to k6. NO_COLOR: no colours.

Exit codes: 0 all passed, 1 a run failed, 64 wrong options, 69 something is missing, 99 a threshold was crossed.
`;

function scenarioHelp(name) {
  const { proves, catches, needs, variables } = scenarios[name];
  const rows = Object.entries(variables).map(([variable, { kind, default: value, text }]) => {
    const what = `${text} (${kind === 'share' ? 'a share, 0 to 1; ' : ''}default ${value})`;
    return `  ${variable.padEnd(18)} ${wrapped(what, 21)}`;
  });
  return `Usage: npm run load -- ${name} [NAME=value ...] [options]

${wrapped(proves, 0)}

Fails on a server that does this with a message: ${catches.join(', ')}.
${needs.length === 0 ? '' : `Needs something done to the cluster: ${needs.join(', ')}.\n`}
Variables
${rows.join('\n')}

"npm run load -- --help" explains the options.
`;
}

/** Broken into lines of at most 120, of which all but the first are indented by `indent`. */
function wrapped(text, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (indent + line.length + word.length + 1 > 120) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/**
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} folder What relative paths are relative to.
 * @param {string} defaultOut
 * @returns {import('./load-options.mjs').Request}
 * @throws {UsageError} naming every fault at once.
 */
export function parseOptions(args, env, folder, defaultOut) {
  const { values, positionals } = parse(args);
  const words = positionals.filter((word) => !word.includes('='));
  const names = words.includes('all') ? scenarioNames : [...new Set(words)];
  const faults = names.filter((name) => !scenarioNames.includes(name)).map(unknownScenario);
  if (values.help && faults.length === 0) return { kind: 'help', scenario: names[0] };
  if (names.length === 0) faults.push(`name a scenario: ${scenarioNames.join(', ')}, or all`);
  const given = assignments(positionals, faults);
  const known = names.filter((name) => scenarioNames.includes(name));
  checkNames(given, known, faults);
  const settings = { ...env, ...given };
  const planned = known.map((name) => planOf(name, settings, faults));
  const nodes = Number(values.nodes);
  if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= maxNodes)) {
    faults.push(`--nodes must be a whole number from 1 to ${maxNodes}, not "${values.nodes}"`);
  }
  if (values.driver !== undefined && !drivers.includes(values.driver)) {
    faults.push(`--driver must be of ${drivers.join(', ')}, not "${values.driver}"`);
  }
  if (values.out === '') faults.push('--out must name a folder');
  if (values.archive !== undefined) return archiveRequest(values.archive, planned, settings, folder, faults);
  if (given.INSTANCES !== undefined) faults.push('INSTANCES is for --archive: npm run load runs one k6');
  const target = targetOf(settings, faults);
  const commands = commandsOf(values, target, known, faults);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return {
    kind: 'run',
    runs: planned,
    target,
    jwtSecret: settings.JWT_SECRET || undefined,
    tokenFile: settings.TOKENS ? resolve(folder, settings.TOKENS) : undefined,
    runName: settings.RUN || undefined,
    nodes,
    driver: values.driver,
    commands,
    out: values.out === undefined ? defaultOut : resolve(folder, values.out),
  };
}

function archiveRequest(archive, planned, { INSTANCES, TOKENS }, folder, faults) {
  if (planned.length > 1) faults.push('--archive takes one scenario');
  if (archive === '') faults.push('--archive must name a file');
  const instances = kinds.count.read(INSTANCES || '1');
  if (instances === undefined || instances === 0)
    faults.push(`INSTANCES=${INSTANCES} is not a whole number from 1 on`);
  const [run] = planned;
  if (run !== undefined && instances > 1) {
    const { MEMBERS, MEMBERS_PER_VU } = run.size;
    if (MEMBERS % (MEMBERS_PER_VU * instances) !== 0)
      faults.push(`${instances} k6 cannot share ${MEMBERS} members, ${MEMBERS_PER_VU} to a VU, evenly`);
  }
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  const tokenFile = TOKENS ? resolve(folder, TOKENS) : undefined;
  return { kind: 'archive', run, instances, tokenFile, file: resolve(folder, archive) };
}

/** @returns {{ values: Readonly<Record<string, string | undefined>> & { help?: boolean }, positionals: readonly string[] }} */
function parse(args) {
  const text = { type: /** @type {const} */ ('string') };
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        nodes: { ...text, default: '3' },
        driver: text,
        out: text,
        archive: text,
        ...Object.fromEntries(Object.values(faultOptions).map(({ option }) => [option, text])),
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node's texts name the option; what follows the first sentence is advice on positional arguments.
    throw new UsageError(error.message.split('. ')[0], { cause: error });
  }
}

function unknownScenario(name) {
  return `"${name}" is no scenario; there are ${scenarioNames.join(', ')}`;
}

function assignments(positionals, faults) {
  const pairs = positionals
    .filter((word) => word.includes('='))
    .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]);
  for (const [name] of pairs) if (!/^[A-Z][A-Z0-9_]*$/.test(name)) faults.push(`"${name}=" is no variable`);
  return Object.fromEntries(pairs);
}

function checkNames(given, names, faults) {
  for (const name of Object.keys(given)) {
    if (name in environment || names.some((scenario) => name in scenarios[scenario].variables)) continue;
    if (names.length > 0)
      faults.push(`${name} is no variable of ${names.join(', ')}; see npm run load -- ${names[0]} --help`);
  }
}

/** The scenario with its size: all of its variables, and those of them that were given. */
function planOf(name, settings, faults) {
  const { proves, variables } = scenarios[name];
  const size = {};
  const given = {};
  for (const [variable, specification] of Object.entries(variables)) {
    try {
      size[variable] = readVariable(variable, specification, settings[variable]);
      if (size[variable] !== specification.default) given[variable] = size[variable];
    } catch {
      faults.push(`${variable}=${settings[variable]} is not ${kinds[specification.kind].allowed}`);
    }
  }
  return { name, proves, size, given };
}

function targetOf({ TARGET }, faults) {
  if (TARGET === undefined || TARGET === '') return undefined;
  // Nor a user: reports name it.
  if (!/^https?:\/\/[^/@]+\/*$/.test(TARGET)) {
    faults.push('TARGET must be http://host or https://host, without a user or a path');
  }
  return TARGET.replace(/\/+$/, '');
}

function commandsOf(values, target, names, faults) {
  const commands = {};
  for (const [fault, { option, text }] of Object.entries(faultOptions)) {
    const command = values[option];
    const wantedBy = names.filter((name) => scenarios[name].needs.includes(fault));
    if (command !== undefined && target === undefined) {
      faults.push(
        `--${option} is for a given cluster (TARGET=…): what is started for a run can do that itself`,
      );
    } else if (command !== undefined) commands[fault] = command;
    else if (target !== undefined && wantedBy.length > 0) {
      faults.push(`with TARGET, ${wantedBy.join(', ')} needs --${option} COMMAND, which ${text}`);
    }
  }
  return commands;
}
