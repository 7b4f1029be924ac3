import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterError } from './errors.ts';

export interface DataFolder {
  /** Signs this cluster's tokens; the same at every start, so that nobody is signed out by a restart. */
  readonly jwtSecret: string;
  /** Lets another cluster have the folder. */
  release(): void;
}

/**
 * Takes a data folder for this process, making it where there is none. Only its owner can read it.
 * @throws data_folder_in_use where a cluster that is still alive has it: two Redis on one append-only file destroy it.
 */
export function openDataFolder(folder: string, redisFolder: string): DataFolder {
  mkdirSync(redisFolder, { recursive: true, mode: 0o700 });
  const lock = join(folder, 'cluster.pid');
  acquire(lock, folder);
  return {
    jwtSecret: readOrCreateSecret(join(folder, 'jwt-secret')),
    release: () => rmSync(lock, { force: true }),
  };
}

function acquire(lock: string, folder: string): void {
  const content = String(process.pid);
  if (createFile(lock, content)) return;
  const owner = Number(readFileSync(lock, 'utf8'));
  if (isAlive(owner)) {
    const text = [
      `Nothing was started: the cluster with process id ${owner} uses ${folder}.`,
      'Stop it, or give this one a folder of its own: npm start -- --data DIR',
      `(If that process is something else, remove ${lock}.)`,
    ].join('\n');
    throw clusterError('data_folder_in_use', { text });
  }
  // Its owner was killed.
  rmSync(lock, { force: true });
  if (!createFile(lock, content)) throw clusterError('data_folder_in_use');
}

function readOrCreateSecret(path: string): string {
  const secret = randomBytes(32).toString('base64url');
  return createFile(path, secret) ? secret : readFileSync(path, 'utf8').trim();
}

/** False where the file exists already. */
function createFile(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
