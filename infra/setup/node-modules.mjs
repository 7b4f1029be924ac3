import { readFileSync } from 'node:fs';
import { inRepository } from './repository.mjs';
import { npm, run, say } from './run.mjs';

/** Runs `npm ci` unless what is installed is what package-lock.json asks for. */
export async function ensureNodeModules() {
  const wanted = readLock('package-lock.json');
  const installed = readLock('node_modules', '.package-lock.json');
  if (installed !== undefined && matches(wanted, installed)) return;
  say(
    installed === undefined ? 'installing the npm packages' : 'package-lock.json changed: installing again',
  );
  // Building needs the development packages, whatever NODE_ENV says.
  await run(...npm('ci', '--include=dev', '--no-audit', '--no-fund'));
}

/**
 * npm writes the hidden lock file last and keeps it in step with every install, so it is the truest stamp there is: an
 * interrupted install has none, and one that somebody ran by hand counts.
 */
function matches(wanted, installed) {
  return Object.entries(wanted.packages).every(([path, { version, link, optional, peer }]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    // Builds for other platforms are left out.
    if (found === undefined) return optional === true || peer === true;
    return found.version === version || link === true;
  });
}

function readLock(...path) {
  try {
    return JSON.parse(readFileSync(inRepository(...path), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
