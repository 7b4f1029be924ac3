import { existsSync } from 'node:fs';
import { spawnChild, type Child } from './child.ts';
import { testkitError } from './errors.ts';
import { repositoryPath } from './repository.ts';
import type { Scope } from './scope.ts';

const interpreter = '.sluice/venv/bin/python';

/** Starts a Python script in the virtual environment that the test set-up makes. */
export async function startPython(
  scope: Scope,
  script: string,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Child> {
  const command = repositoryPath(interpreter);
  if (!existsSync(command)) {
    const text = `${interpreter} is missing; run "npm test" once, which makes it`;
    throw testkitError('program_missing', { text });
  }
  return await spawnChild(scope, {
    name: `python ${script}`,
    command,
    args: ['-u', script, ...(options.args ?? [])],
    env: options.env ?? {},
  });
}
