import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { go } from './go.mjs';
import { findProgram } from './programs.mjs';
import { inRepository } from './repository.mjs';
import { run, say } from './run.mjs';
import { SetupError } from './setup-error.mjs';

/** Of k6, which runs the load tests. */
const k6Version = '1.8.1';

/**
 * Where k6 is once {@link ensureK6} has built it.
 * @public Tests, which are TypeScript, load this file by its path.
 */
export function k6Path() {
  return inRepository('.sluice', 'k6', k6Version, 'k6');
}

/**
 * The k6 to use: the one that the environment variable K6 names, one on PATH, or else the one that was built.
 * @returns {string | undefined}
 * @public As above.
 */
export function findK6() {
  const { K6 } = process.env;
  if (K6 !== undefined && K6 !== '') return K6;
  const found = findProgram(k6);
  if ('path' in found) return found.path;
  return existsSync(k6Path()) ? k6Path() : undefined;
}

/** 1.0 was the first to run TypeScript as it is. */
const k6 = {
  names: ['k6'],
  purpose: 'k6 runs the load tests',
  apt: [],
  brew: 'k6',
  version: { args: ['version'], pattern: /v(\d+)\.(\d+)/, minimum: [1, 0] },
};

/**
 * Why {@link ensureK6} left this machine without k6; undefined where it did not.
 * @returns {string | undefined}
 * @public As above.
 */
export function whyNoK6() {
  return existsSync(whyNot()) ? readFileSync(whyNot(), 'utf8') : undefined;
}

/**
 * Builds k6, unless there is one. Where this machine cannot build it, it says so on the terminal and leaves word for the
 * tests, which do without, and resolves.
 */
export async function ensureK6() {
  rmSync(whyNot(), { force: true });
  if (findK6() !== undefined) return;
  const found = findProgram(go);
  if ('problem' in found) {
    doWithout(found.problem);
    return;
  }
  say(`building k6 ${k6Version}, which takes minutes the first time`);
  const folder = dirname(k6Path());
  // Tests of another run never see half of it, and of two that build it at once either may win.
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    await run(found.path, ['install', '-buildvcs=false', '-ldflags=-s -w', `go.k6.io/k6@v${k6Version}`], {
      env: { CGO_ENABLED: '0', GOWORK: 'off', GOBIN: partial },
    });
    mkdirSync(folder, { recursive: true });
    renameSync(`${partial}/k6`, k6Path());
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    doWithout(error.message);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function doWithout(problem) {
  mkdirSync(dirname(whyNot()), { recursive: true });
  writeFileSync(whyNot(), problem);
  say(`${problem}\nWithout it there is no k6: the tests do without the load tests.`);
}

function whyNot() {
  return inRepository('.sluice', 'k6', 'why-not');
}
