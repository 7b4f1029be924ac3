import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRepository } from './repository.mjs';
import { npm, run, say } from './run.mjs';

/** The processes that `npm start` and the tests run, with the packages they import. */
const server = {
  name: 'server',
  sources: ['packages', 'apps/gateway', 'apps/local-cluster', 'tsconfig.base.json', 'package-lock.json'],
  outputs: ['apps/gateway/dist/main.js', 'apps/local-cluster/dist/main.js'],
  command: [
    process.execPath,
    ['node_modules/typescript/bin/tsc', '--build', 'apps/gateway', 'apps/local-cluster'],
  ],
};

/** What browsers load. Bundles the packages' built files, so it comes after the server. */
const web = {
  name: 'web app',
  sources: ['apps/web', 'packages', 'package-lock.json'],
  outputs: ['apps/web/dist/index.html'],
  command: npm('run', 'build', '--silent', '--workspace', '@sluice/web', '--', '--logLevel', 'warn'),
};

/** Builds what changed since the last build. Where nothing did, it reads file dates only and starts no compiler. */
export async function ensureBuilt() {
  for (const target of [server, web]) {
    const stamp = inRepository('.sluice', 'built', target.name.replaceAll(' ', '-'));
    const fingerprint = fingerprintOf(target.sources);
    if (isFresh(target, stamp, fingerprint)) continue;
    say(`building the ${target.name}`);
    rmSync(stamp, { force: true });
    await run(...target.command);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, fingerprint);
  }
}

function isFresh(target, stamp, fingerprint) {
  const built = target.outputs.every((path) => existsSync(inRepository(path)));
  return built && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint;
}

/** Dates and sizes rather than "newer than": a file that is gone, or came back older, is a change too. */
function fingerprintOf(sources) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const status = statSync(path);
    if (!status.isDirectory()) {
      hash.update(`${path}\0${status.mtimeMs}\0${status.size}\n`);
      return;
    }
    for (const entry of readdirSync(path).toSorted()) {
      if (!notSources.has(entry)) visit(join(path, entry));
    }
  };
  for (const source of sources) visit(inRepository(source));
  return hash.digest('hex');
}

const notSources = new Set(['node_modules', 'dist', '.types', 'test']);
