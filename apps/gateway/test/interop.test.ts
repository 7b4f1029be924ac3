import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connectMembers,
  openScope,
  repositoryPath,
  spawnChild,
  startCluster,
  startFront,
  startPython,
  uniqueName,
  type Child,
  type Client,
  type Cluster,
  type Front,
} from '@sluice/testkit';

const scope = openScope(afterAll);
let cluster: Cluster;
let front: Front;

beforeAll(async () => {
  cluster = await startCluster(scope, { nodes: 3, env: { NODE_ENV: 'development' } });
  front = await startFront(scope, cluster.gateways);
});

/** The code block of README.md that follows the marker. */
function example(language: string): string {
  const readme = readFileSync(repositoryPath('README.md'), 'utf8');
  const found = new RegExp(`<!-- example:${language} -->\\s*\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme);
  if (found?.[1] === undefined) throw new Error(`README.md has no example marked example:${language}`);
  return found[1];
}

async function untilPrinted(child: Child, line: string): Promise<void> {
  await child.output.until((lines) => lines.some(({ text }) => text === line), {
    timeoutMs: 20_000,
    describe: () => `it prints ${line}; ${child.tail()}`,
  });
}

/** The example and a member on every gateway hear each other. */
async function expectToChat(child: Child, user: string, greeting: string): Promise<Client[]> {
  const members = await connectMembers(scope, cluster.gateways, 'lobby');
  for (const member of members) {
    const { messages } = await member.succeed('history:read', { room: 'lobby' });
    // What it said before the member came is in the history.
    const text = (message: { user: string; text: string }) =>
      message.user === user && message.text === greeting;
    if (!messages.some(text)) await member.untilHeard('message:new', text, 20_000);
  }
  await untilPrinted(child, `${user}: ${greeting}`);
  for (const member of members) {
    const answer = uniqueName('Nice to meet you');
    await member.say('lobby', answer);
    await untilPrinted(child, `${member.user}: ${answer}`);
  }
  return members;
}

describe("the README's examples", () => {
  test('twelve lines of a stock socket.io-client chat with everybody', async () => {
    const script = example('js');
    expect(script.trimEnd().split('\n')).toHaveLength(12);
    const child = await spawnChild(scope, {
      name: "README's example",
      command: process.execPath,
      args: ['--input-type=module', '--eval', script],
      cwd: repositoryPath(''),
      env: { SLUICE_URL: front.url },
    });
    await expectToChat(child, 'script', 'Hello from twelve lines');
    expect(child.output.entries.filter((line) => line.stream === 'stderr')).toEqual([]);
  });

  test('python-socketio does too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-test-python-'));
    scope.onClose(() => rmSync(folder, { recursive: true }));
    const script = join(folder, 'example.py');
    writeFileSync(script, example('python'));
    const child = await startPython(scope, script, { env: { SLUICE_URL: front.url } });
    await expectToChat(child, 'python', 'Hello from Python');
    expect(child.output.entries.filter((line) => line.stream === 'stderr')).toEqual([]);
  });
});
