import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inRepository } from './repository.mjs';
import { say } from './run.mjs';

/**
 * Runs `body` while no other setup works on this checkout: `npm start` and `npm test` may be typed side by side. A lock
 * whose owner is gone is taken over.
 * @param {() => Promise<Result>} body
 * @returns {Promise<Result>}
 * @template Result
 */
export async function withSetupLock(body) {
  mkdirSync(inRepository('.sluice'), { recursive: true });
  const lock = inRepository('.sluice', 'setup.lock');
  await acquire(lock);
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await body();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

async function acquire(lock) {
  let ownerlessChecks = 0;
  for (let waiting = false; ; await pause(100)) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = ownerOf(lock);
    // Between making the folder and naming its owner lies a moment; more than that is a crash.
    ownerlessChecks = owner === undefined ? ownerlessChecks + 1 : 0;
    if (ownerlessChecks > 20 || (owner !== undefined && !isAlive(owner))) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!waiting && owner !== undefined) say(`waiting for the setup that process ${owner} runs`);
    waiting ||= owner !== undefined;
  }
}

function ownerOf(lock) {
  try {
    return Number(readFileSync(join(lock, 'pid'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
