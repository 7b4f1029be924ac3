import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { go } from './go.mjs';
import { findProgram } from './programs.mjs';
import { inRepository } from './repository.mjs';
import { run, say } from './run.mjs';
import { SetupError } from './setup-error.mjs';

const source = inRepository('infra', 'observability', 'collector');
const sources = ['go.mod', 'go.sum', 'main.go'].map((name) => `${source}/${name}`);

/**
 * Where the OpenTelemetry Collector is once {@link ensureCollector} has built it.
 * @public Tests, which are TypeScript, load this file by its path.
 */
export function collectorPath() {
  return inRepository('.sluice', 'collector', collectorVersion(), 'otelcol');
}

/**
 * Builds the OpenTelemetry Collector, unless that has been done. Tests use it where it is there, and their own receiver
 * where it is not: it says so on the terminal where this machine cannot build it, and resolves.
 */
export async function ensureCollector() {
  const path = collectorPath();
  const stamp = `${dirname(path)}/built-from`;
  const fingerprint = fingerprintOfSources();
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  const found = findProgram(go);
  if ('problem' in found) {
    say(`${found.problem}: the tests do without the OpenTelemetry Collector`);
    return;
  }
  say(`building the OpenTelemetry Collector ${collectorVersion()}, which takes minutes the first time`);
  rmSync(dirname(path), { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  // Tests of another run never see half of it, and of two that build it at once either may win.
  const partial = `${path}.${process.pid}`;
  const flags = ['-buildvcs=false', `-ldflags=-s -w -X main.version=${collectorVersion()}`];
  try {
    await run(found.path, ['-C', source, 'build', ...flags, '-o', partial, '.'], {
      env: { CGO_ENABLED: '0', GOWORK: 'off' },
    });
    renameSync(partial, path);
    writeFileSync(stamp, fingerprint);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message}\nThe tests do without the OpenTelemetry Collector.`);
  }
}

function collectorVersion() {
  const [, version] = /\/otelcol v(\S+)/.exec(readFileSync(`${source}/go.mod`, 'utf8')) ?? [];
  if (version === undefined) throw new Error(`${source}/go.mod names no version of otelcol`);
  return version;
}

function fingerprintOfSources() {
  const hash = createHash('sha256');
  for (const path of sources) hash.update(readFileSync(path));
  return hash.digest('hex');
}
