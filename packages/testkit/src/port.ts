import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testkitError } from './errors.ts';
import { isAlive } from './orphan-guard.ts';
import type { Scope } from './scope.ts';

// Below every usual ephemeral range, so that no outgoing connection takes a port between its choice and its use.
const first = 20_000;
const count = 10_000;
const folder = join(tmpdir(), 'sluice-test-ports');

/**
 * A port of the loopback that nobody listens on, reserved for `scope` by a lock file, so that neither another jest worker
 * nor another run takes it while a server is started or restarted on it.
 */
export async function freePort(scope: Scope): Promise<number> {
  return await freeBasePort(scope, [0]);
}

/** A port from which on each of `offsets` (none of them negative) leads to a port as by {@link freePort}. */
export async function freeBasePort(scope: Scope, offsets: readonly number[]): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const bases = count - Math.max(...offsets);
  // Processes that start together begin far from each other.
  const start = (process.pid * 61) % bases;
  for (let step = 0; step < bases; step++) {
    const base = first + ((start + step) % bases);
    const ports = offsets.map((offset) => base + offset);
    if (await takeAll(scope, ports)) return base;
  }
  throw testkitError('no_free_port');
}

/** `n` ports as by {@link freePort}. */
export async function freePorts(scope: Scope, n: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < n) ports.push(await freePort(scope));
  return ports;
}

/** All of them or none. */
async function takeAll(scope: Scope, ports: readonly number[]): Promise<boolean> {
  const locks: string[] = [];
  const release = (): void => locks.forEach((lock) => rmSync(lock, { force: true }));
  for (const port of ports) {
    const lock = join(folder, String(port));
    const reserved = reserve(lock);
    if (reserved) locks.push(lock);
    if (!reserved || !(await canListen(port))) {
      release();
      return false;
    }
  }
  scope.onClose(release);
  return true;
}

function reserve(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = ownerOf(lock);
    if (owner !== undefined && !isAlive(owner)) rmSync(lock, { force: true });
    // Even where the owner is gone: the next port is as good, and two heirs cannot meet over this one.
    return false;
  }
}

function ownerOf(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    // All addresses: a server on any of them would be in the way.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
