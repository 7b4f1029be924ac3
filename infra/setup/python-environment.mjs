import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inRepository } from './repository.mjs';
import { run, say } from './run.mjs';
import { ensurePrograms } from './system-packages.mjs';

/** Makes `.sluice/venv`, a virtual environment with the packages of python-requirements.txt, unless it is there. */
export async function ensurePythonEnvironment() {
  const folder = inRepository('.sluice', 'venv');
  const requirements = inRepository('infra', 'setup', 'python-requirements.txt');
  const stamp = inRepository('.sluice', 'venv', 'installed-requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { python } = await ensurePrograms(['python']);
  say('installing the Python client of the tests');
  rmSync(folder, { recursive: true, force: true });
  await run(python, ['-m', 'venv', folder]);
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    requirements,
  ];
  await run(inRepository('.sluice', 'venv', 'bin', 'python3'), pip);
  writeFileSync(stamp, wanted);
}
