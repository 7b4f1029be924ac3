import { execFileSync } from 'node:child_process';
import { findProgram, programs } from './programs.mjs';
import { run, say } from './run.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Finds programs, and installs through apt those that are missing, where this user may.
 * @template {keyof typeof programs} Name
 * @param {readonly Name[]} names
 * @returns {Promise<Record<Name, string>>} Absolute paths.
 */
export async function ensurePrograms(names) {
  const missing = names.filter((name) => 'problem' in findProgram(programs[name]));
  if (missing.length > 0) await install(missing);
  return Object.fromEntries(
    names.map((name) => {
      const found = findProgram(programs[name]);
      if ('problem' in found) throw new SetupError(`${found.problem}\n${instruction([name])}`);
      return [name, found.path];
    }),
  );
}

async function install(names) {
  const problems = names.map(
    (name) => `  ${findProgram(programs[name]).problem} (${programs[name].purpose})`,
  );
  const asRoot = rootPrefix();
  if (asRoot === undefined) throw new SetupError(`${problems.join('\n')}\n${instruction(names)}`);
  const packages = names.flatMap((name) => programs[name].apt);
  say(`installing through apt-get: ${packages.join(' ')}\n${problems.join('\n')}`);
  const aptGet = async (...args) => {
    const [command, ...rest] = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      // Debian starts a redis-server on 6379 as it installs the package, and others likewise, which nobody asked for. In
      // the single-user runlevel it does not; a system under systemd looks elsewhere, hence the word about it below.
      'RUNLEVEL=1',
      'apt-get',
      '--quiet',
      '--option=DPkg::Lock::Timeout=300',
      ...args,
    ];
    await run(command, rest, { orElse: instruction(names) });
  };
  await aptGet('update');
  await aptGet('install', '--yes', '--no-install-recommends', ...packages);
  for (const { service } of names.map((name) => programs[name])) {
    if (service === undefined) continue;
    say(`Debian may have started ${service.name} on port ${service.port}. Sluice does not use that one.`);
    say(`To be without: systemctl disable --now ${service.name}`);
  }
}

/** What to put before a command so that it runs as root without a question; undefined where apt or the right is missing. */
function rootPrefix() {
  if (!succeeds('apt-get', ['--version'])) return undefined;
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function succeeds(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function instruction(names) {
  const apt = names.flatMap((name) => programs[name].apt).join(' ');
  const brew = names.map((name) => `brew install ${programs[name].brew}`).join(' && ');
  const redis = names.includes('redis') ? '\nOr point REDIS_URL at a Redis that you have.' : '';
  return [
    'Install what is missing, then try again:',
    `  Debian, Ubuntu: sudo apt-get install ${apt}`,
    `  macOS:          ${brew}${redis}`,
  ].join('\n');
}
