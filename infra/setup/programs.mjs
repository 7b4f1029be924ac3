import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} Program
 * @property {readonly string[]} names Any of these will do.
 * @property {string} purpose
 * @property {readonly string[]} apt Debian's packages.
 * @property {string} brew Homebrew's.
 * @property {{ args: readonly string[], pattern: RegExp, minimum: readonly [number, number] }} [version]
 * @property {readonly string[]} [probe] Arguments with which it must succeed.
 * @property {{ name: string, port: number }} [service] What Debian may start as it installs the package.
 */

/** @type {Record<'redis' | 'haproxy' | 'chromium' | 'python' | 'prometheus', Program>} */
export const programs = {
  redis: {
    names: ['redis-server'],
    purpose: 'Redis holds the streams',
    apt: ['redis-server'],
    brew: 'redis',
    version: { args: ['--version'], pattern: /v=(\d+)\.(\d+)/, minimum: [7, 0] },
    service: { name: 'redis-server', port: 6379 },
  },
  haproxy: {
    names: ['haproxy'],
    purpose: 'HAProxy is the one address in front of the gateways',
    apt: ['haproxy'],
    brew: 'haproxy',
    version: { args: ['-v'], pattern: /version (\d+)\.(\d+)/, minimum: [2, 6] },
  },
  chromium: {
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    purpose: 'Chromium is the browser of the tests',
    apt: ['chromium'],
    brew: '--cask chromium',
  },
  python: {
    names: ['python3'],
    purpose: 'Python runs the client in another language',
    apt: ['python3', 'python3-venv'],
    brew: 'python3',
    // Debian splits these off into python3-venv.
    probe: ['-c', 'import venv, ensurepip'],
  },
  prometheus: {
    names: ['prometheus'],
    purpose: 'Prometheus reads the metrics and the rules, in the tests',
    // Brings promtool too.
    apt: ['prometheus'],
    brew: 'prometheus',
    version: { args: ['--version'], pattern: /version (\d+)\.(\d+)/, minimum: [2, 42] },
    service: { name: 'prometheus', port: 9090 },
  },
};

/** Daemons live in /usr/sbin, which is not on the PATH of Debian's ordinary users. */
const moreFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin', '/usr/local/bin'];

/**
 * The absolute path of a program that will do.
 * @param {Program} program
 * @returns {{ path: string } | { problem: string }}
 */
export function findProgram(program) {
  let problem = `${program.names[0]} is not installed`;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...moreFolders];
  for (const name of program.names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder === '' || !isExecutable(path)) continue;
      const fault = faultOf(program, path);
      if (fault === undefined) return { path };
      problem = fault;
    }
  }
  return { problem };
}

function faultOf({ version, probe }, path) {
  try {
    if (probe !== undefined) execFileSync(path, probe, { stdio: 'ignore' });
    if (version === undefined) return undefined;
    const output = execFileSync(path, version.args, { encoding: 'utf8' });
    const [major, minor] = version.pattern.exec(output)?.slice(1).map(Number) ?? [0, 0];
    const [minMajor, minMinor] = version.minimum;
    const recent = major > minMajor || (major === minMajor && minor >= minMinor);
    return recent ? undefined : `${path} is version ${major}.${minor}, but ${minMajor}.${minMinor} is needed`;
  } catch (error) {
    return `${path} does not work: ${error.message.split('\n')[0]}`;
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
