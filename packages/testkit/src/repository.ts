import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testkitError } from './errors.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The absolute path of a file of this repository, given from its root. */
export function repositoryPath(path: string): string {
  return join(root, path);
}

/** The absolute path of the first of `names` on PATH, or undefined. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Like {@link findProgram}, but says what to do where there is none. */
export function requireProgram(...names: readonly string[]): string {
  const path = findProgram(...names);
  if (path !== undefined) return path;
  const text = `none of ${names.join(', ')} is on PATH; "npm test" installs what the tests need`;
  throw testkitError('program_missing', { text });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
