import { ensureBuilt } from './build.mjs';
import { ensureCollector } from './collector.mjs';
import { ensureK6 } from './k6.mjs';
import { withSetupLock } from './lock.mjs';
import { ensureNodeModules } from './node-modules.mjs';
import { ensurePythonEnvironment } from './python-environment.mjs';
import { SetupError } from './setup-error.mjs';
import { ensurePrograms } from './system-packages.mjs';

const minimumNode = [20, 19];

/**
 * Brings a checkout to the point where a cluster can run, on a machine with nothing but Node and git. Needs no package to
 * be installed itself, and takes a fraction of a second where nothing is missing.
 * @param {{ ownRedis: boolean }} options Whether the cluster runs a Redis of its own.
 * @returns {Promise<{ haproxy: string, redisServer: string | undefined }>} Absolute paths.
 */
export async function provisionCluster({ ownRedis }) {
  requireNode();
  return await withSetupLock(async () => {
    const programs = await ensurePrograms(ownRedis ? ['redis', 'haproxy'] : ['haproxy']);
    await ensureNodeModules();
    await ensureBuilt();
    return { haproxy: programs.haproxy, redisServer: programs.redis };
  });
}

/** The same for everything the tests run. */
export async function provisionTests() {
  requireNode();
  await withSetupLock(async () => {
    await ensurePrograms(['redis', 'haproxy', 'chromium', 'prometheus']);
    await ensurePythonEnvironment();
    await ensureNodeModules();
    await ensureBuilt();
  });
  // Without the lock: they take minutes once, for which `npm start` is not to wait.
  await ensureCollector();
  await ensureK6();
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [minMajor, minMinor] = minimumNode;
  if (major > minMajor || (major === minMajor && minor >= minMinor)) return;
  throw new SetupError(`Sluice needs Node ${minMajor}.${minMinor} or later; this is ${process.version}.`);
}
