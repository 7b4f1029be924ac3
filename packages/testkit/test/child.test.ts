import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope, repositoryPath, spawnChild, withScope, type Child } from '@sluice/testkit';

const scope = openScope(afterEach);
const node = (name: string, ...args: string[]) =>
  spawnChild(scope, { name, command: process.execPath, args, graceMs: 300 });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A module that starts a Redis through the built testkit, prints its pid, and stays. */
function starter(): string {
  // Not a folder of its own, which nobody would remove after a SIGKILL.
  const dir = mkdtempSync(join(tmpdir(), 'sluice-test-orphan-'));
  scope.onClose(() => rmSync(dir, { recursive: true, force: true }));
  return `
    import { openScope, startRedis } from ${JSON.stringify(repositoryPath('packages/testkit/dist/index.js'))};
    const redis = await startRedis(openScope(), { dir: ${JSON.stringify(dir)} });
    console.log('redis ' + redis.pid);
    setInterval(() => {}, 1000);`;
}

async function pidOf(child: Child, what: string): Promise<number> {
  return await child.output.until(
    (lines) => {
      const line = lines.find(({ text }) => text.startsWith(`${what} `));
      return line === undefined ? undefined : Number(line.text.slice(what.length + 1));
    },
    { timeoutMs: 60_000, describe: () => child.tail() },
  );
}

describe('spawnChild', () => {
  test('ends the process with its scope, by force where it does not listen', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up 1')`;
    const pid = await withScope(async (own) => {
      const child = await spawnChild(own, {
        name: 'stubborn',
        command: process.execPath,
        args: ['-e', stubborn],
        graceMs: 100,
      });
      await pidOf(child, 'up');
      return child.pid;
    });
    expect(isAlive(pid)).toBe(false);
  });

  test('ends a stopped process', async () => {
    const child = await spawnChild(scope, {
      name: 'stopped',
      command: process.execPath,
      args: ['-e', `setInterval(() => {}, 1000); console.log('up 1')`],
      // What does not end by itself in that time is ended by SIGKILL.
      graceMs: 20_000,
    });
    await pidOf(child, 'up');
    child.signal('SIGSTOP');
    expect(await child.end()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('does not inherit the environment', async () => {
    process.env['REDIS_URL'] = 'redis://of-the-developer';
    try {
      const child = await node('environment', '-p', 'process.env.REDIS_URL');
      await child.exited;
      expect(child.output.entries).toEqual([{ stream: 'stdout', text: 'undefined' }]);
    } finally {
      delete process.env['REDIS_URL'];
    }
  });

  test('leaves no server behind when the process that started it is killed', async () => {
    const parent = await node('parent', '--input-type=module', '-e', starter());
    const redis = await pidOf(parent, 'redis');
    expect(isAlive(redis)).toBe(true);
    parent.signal('SIGKILL');
    await eventually(() => !isAlive(redis), { describe: () => `Redis (pid ${redis}) has ended` });
  });

  test('leaves no server behind when the runner of a test worker is killed', async () => {
    const runner = await node(
      'runner',
      '--input-type=module',
      '-e',
      `import { fork } from 'node:child_process';
       const worker = fork('-', { execArgv: ['--input-type=module', '-e', ${JSON.stringify(starter())}] });
       console.log('worker ' + worker.pid);`,
    );
    const worker = await pidOf(runner, 'worker');
    const redis = await pidOf(runner, 'redis');
    expect(isAlive(redis)).toBe(true);
    runner.signal('SIGKILL');
    await eventually(() => !isAlive(redis) && !isAlive(worker), {
      describe: () => `Redis (pid ${redis}) and the worker (pid ${worker}) have ended`,
    });
  });
});
