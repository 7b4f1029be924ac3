import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import {
  openBrowser,
  openScope,
  repositoryPath,
  spawnChild,
  startCluster,
  type Child,
} from '@sluice/testkit';
import { describeWithK6, findK6 } from './k6.ts';

const scope = openScope(afterEach);
const small = ['MEMBERS=6', 'MEMBERS_PER_VU=3', 'GATHER_SECONDS=1', 'SECONDS=3', 'P95_MS=60000'];

interface Load {
  readonly child: Child;
  readonly out: string;
}

/** Starts `npm run load` with results in a folder of its own. */
async function startLoad(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Load> {
  const out = mkdtempSync(join(tmpdir(), 'sluice-test-load-'));
  scope.onClose(() => rmSync(out, { recursive: true, force: true }));
  const child = await spawnChild(scope, {
    name: `npm run load -- ${args.join(' ')}`,
    command: process.execPath,
    args: [repositoryPath('loadtests/load.mjs'), ...args, '--out', out],
    env: { ...env, K6: findK6() ?? '' },
    graceMs: 60_000,
  });
  return { child, out };
}

/** Runs it to its end; resolves to what it printed. */
async function load(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { child, out } = await startLoad(args, env);
  const { code } = await child.exited;
  return { code, out, said: textOf(child) };
}

function textOf(child: Child): string {
  return child.output.entries.map(({ text }) => `${text}\n`).join('');
}

/** The folders of the runs in `out`, which begin with the time. */
function runFolders(out: string): readonly string[] {
  return readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(out, name))
    .toSorted();
}

/** The cells of the table of runs, without its head. */
function rowsOf(out: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(out, 'runs.md'), 'utf8').trim().split('\n');
  return lines.slice(2).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}

describeWithK6('npm run load', () => {
  test('runs scenarios on a cluster of its own, and leaves a report, a summary and a line for each', async () => {
    // With a fault that only a cluster of its own can do by itself.
    const { code, out, said } = await load([
      'smoke',
      'crash',
      ...small,
      'CUT=0.5',
      'DOWN_SECONDS=1',
      // Long enough for a gateway to die and to begin again, and for what comes of it to be seen.
      'SECONDS=12',
      '--nodes',
      '2',
    ]);
    expect({ code, said }).toEqual({ code: 0, said });
    expect(said).toMatch(/^smoke passed\. /m);
    expect(said).toMatch(/^ {2}0 lost, 0 duplicated, 0 out of order, 0 stray, 0 falsely recovered$/m);
    const folders = runFolders(out);
    expect(folders.map((folder) => folder.replace(/.*-/, ''))).toEqual(['smoke', 'crash']);

    const rows = rowsOf(out);
    expect(rows.map((cells) => cells.slice(1, 3))).toEqual([
      ['smoke', 'passed'],
      ['crash', 'passed'],
    ]);
    expect(rows[0]?.join(' ')).toContain('CUT=0.5');

    for (const folder of folders) {
      const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as {
        sluice: object;
        metrics: Record<string, { values: object }>;
      };
      expect(summary.sluice).toEqual({ passed: true, crossed: [] });
      expect(summary.metrics['sluice_finished']?.values).toMatchObject({ count: 6 });
    }
  });

  test('fails where a threshold is crossed, and says which; the report shows it, with charts, to whoever opens it', async () => {
    const { code, out, said } = await load(['smoke', ...small, 'P95_MS=0', '--nodes', '1']);
    expect({ code, said }).toEqual({ code: 99, said });
    expect(said).toMatch(/^smoke failed\. Not held: .*sluice_ack_ms p\(95\)<0/m);
    expect(rowsOf(out)[0]?.[2]).toBe('failed');

    const browser = await openBrowser(scope);
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(`asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(runFolders(out)[0] as string, 'report.html')).href);
    expect(await page.locator('.verdict').textContent()).toBe('failed');
    expect(await page.locator('td.crossed').count()).toBe(2);
    const titles = await page.locator('figcaption').allTextContents();
    expect(titles).toEqual(
      expect.arrayContaining(['Members, connected', 'Messages, per second', 'Memory, resident, MB']),
    );
    expect(await page.locator('figure canvas').count()).toBe(titles.length);
    const legend = await page.locator('figure', { hasText: 'Memory' }).locator('.u-label').allTextContents();
    expect(legend).toEqual(expect.arrayContaining(['gateway-1', 'redis', 'haproxy']));
    expect(faults).toEqual([]);
  });

  test('loads a given cluster, which suffers what the given commands do to it', async () => {
    const cluster = await startCluster(scope, { nodes: 1 });
    const note = join(mkdtempSync(join(tmpdir(), 'sluice-test-load-note-')), 'note');
    scope.onClose(() => rmSync(join(note, '..'), { recursive: true, force: true }));
    const { url: TARGET } = cluster.gateway(0);
    const env = { TARGET, JWT_SECRET: cluster.issuer.secret };
    const done = await load(
      ['redis', ...small, 'SECONDS=8', 'DOWN_SECONDS=0', '--restart-redis', `echo $DOWN_MS > ${note}`],
      env,
    );
    // Nothing had to wait in truth, and `max>0` is all that is asked of the time it took.
    expect({ code: done.code, said: done.said }).toEqual({ code: 0, said: done.said });
    expect(readFileSync(note, 'utf8')).toBe('0\n');
    expect(done.said).not.toContain(cluster.issuer.secret);

    const failing = [
      'redis',
      ...small,
      'SECONDS=8',
      'DOWN_SECONDS=0',
      '--restart-redis',
      'echo not allowed; exit 3 # s3cret',
    ];
    const { code, said, out } = await load(failing, env);
    expect({ code, said }).toEqual({ code: 99, said });
    // What it says is for the person at the terminal. Reports, which others see, have neither that nor the command.
    expect(said).toContain('not allowed\n');
    expect(said).toContain('--restart-redis failed: exit code 3.');
    const report = readFileSync(join(runFolders(out)[0] as string, 'report.html'), 'utf8');
    expect(report).toContain('--restart-redis failed: exit code 3.');
    expect(said + report).not.toContain('s3cret');
    expect(report).not.toContain('not allowed');
  });

  test('fails with a reason where nobody answers at TARGET, and with all that is wrong where options are', async () => {
    const away = await load(['smoke'], { TARGET: 'http://127.0.0.1:9' });
    expect({ code: away.code, said: away.said }).toEqual({ code: 1, said: away.said });
    expect(away.said).toContain('Nobody answers at http://127.0.0.1:9.');
    const wrong = await load(['smok', '--nodes', 'x']);
    expect(wrong.code).toBe(64);
    expect(wrong.said).toContain('"smok" is no scenario');
  });

  test('raises the load until a threshold breaks, says which broke first, and takes that for no failure', async () => {
    const steps = [
      'MEMBERS=12',
      'MEMBERS_PER_VU=3',
      'STEPS=4',
      'ROOM_SIZE=3',
      'SECONDS=16',
      'P95_MS=0',
      'GATHER_SECONDS=1',
    ];
    const { code, out, said } = await load(['breakpoint', ...steps, '--nodes', '1']);
    expect({ code, said }).toEqual({ code: 0, said });
    expect(said).toMatch(
      /^ {2}broke first in step [12], at \d+ members, .*: sluice_(connect|ack|delivery)_ms/m,
    );
    // Those of later steps never came.
    expect(rowsOf(out)[0]?.slice(1, 3)).toEqual(['breakpoint', 'passed']);
  });

  test('ended before its time, it says that nothing is proved, and leaves nothing running', async () => {
    const { child, out } = await startLoad(['smoke', ...small, 'SECONDS=120', '--nodes', '1']);
    await child.output.until(
      (lines) => lines.find(({ text }) => /^smoke \d+:\d\d\/.* connected/.test(text)),
      {
        timeoutMs: 60_000,
        describe: () => child.tail(),
      },
    );
    child.signal('SIGINT');
    const { code } = await child.exited;
    expect({ code, said: textOf(child) }).toEqual({
      code: 1,
      said: expect.stringMatching(/^smoke cut short\. /m),
    });
    const [folder] = runFolders(out);
    expect(existsSync(join(folder as string, 'report.html'))).toBe(true);
  });
});
