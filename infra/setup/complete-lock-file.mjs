// Run after an `npm install` that changed package-lock.json: npm run complete-lock-file
// With -- --check it changes nothing, and fails where something is missing.
//
// Compilers and linters come as one optional package per platform. npm leaves out of the lock file those it could not
// find at that moment, as happens with a registry that lags behind or mirrors one platform only
// (https://github.com/npm/cli/issues/4828), and `npm ci` then refuses the file on every machine. This adds them: their
// versions are exact in the package that wants them, and their names say for which platform they are. They get no
// integrity, which is in the registry alone.
import { readFileSync, writeFileSync } from 'node:fs';
import { missingOptionalPackages } from './lock-file.mjs';
import { inRepository } from './repository.mjs';

const platforms = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];
const libraries = { gnu: 'glibc', musl: 'musl', gnueabihf: 'glibc', musleabihf: 'musl' };

const path = inRepository('package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = missingOptionalPackages(lock);
if (process.argv.includes('--check')) {
  for (const { name, version, wantedBy } of missing) console.error(`${wantedBy} wants ${name} ${version}`);
  process.exit(missing.length === 0 ? 0 : 1);
}
for (const { name, version, wantedBy } of missing) {
  const words = name.split(/[^a-z0-9]+/);
  const os = platforms.find((platform) => words.includes(platform));
  const cpu = processors.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined)
    throw new Error(`${name}: its name does not say for which platform`);
  const library = words.map((word) => libraries[word]).find(Boolean);
  const { dev } = lock.packages[wantedBy];
  lock.packages[`node_modules/${name}`] = {
    version,
    cpu: [cpu],
    ...(dev === true ? { dev } : {}),
    ...(os === 'linux' && library !== undefined ? { libc: [library] } : {}),
    optional: true,
    os: [os],
  };
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
console.log(`${missing.length} platform packages added`);
