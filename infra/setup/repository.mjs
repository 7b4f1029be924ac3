import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The absolute path of something in this repository, given from its root. */
export function inRepository(...path) {
  return join(root, ...path);
}
