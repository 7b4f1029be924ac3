import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connectMembers,
  freePorts,
  openScope,
  repositoryPath,
  spawnChild,
  startCluster,
  startFront,
  startPython,
  startRedis,
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
function example(name: string): string {
  const readme = readFileSync(repositoryPath('README.md'), 'utf8');
  const found = new RegExp(`<!-- example:${name} -->\\s*\`\`\`\\w+\\n([^]*?)\`\`\``).exec(readme);
  if (found?.[1] === undefined) throw new Error(`README.md has no example marked example:${name}`);
  return found[1];
}

function startNode(name: string, script: string, env: Readonly<Record<string, string>>): Promise<Child> {
  return spawnChild(scope, {
    name,
    command: process.execPath,
    args: ['--input-type=module', '--eval', script],
    cwd: repositoryPath(''),
    env,
  });
}

function complaints({ output }: Child): unknown[] {
  return output.entries.filter(({ stream }) => stream === 'stderr');
}

/** A client of the README's own server, which greets when the script has spoken: everybody is there then. */
const visitor = `
import { io } from 'socket.io-client';
const { PORT } = process.env;
const socket = io(\`http://127.0.0.1:\${PORT}\`, { auth: { user: \`visitor of \${PORT}\` } });
socket.on('said', (user, text) => {
  console.log(\`\${user}: \${text}\`);
  if (user === 'script') socket.emit('say', 'lobby', 'Hello');
});
socket.on('connect', async () => {
  await socket.emitWithAck('enter', 'lobby');
  console.log('entered');
});
`;

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
    const child = await startNode("README's example", script, { SLUICE_URL: front.url });
    await expectToChat(child, 'script', 'Hello from twelve lines');
    expect(complaints(child)).toEqual([]);
  });

  test('python-socketio does too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-test-python-'));
    scope.onClose(() => rmSync(folder, { recursive: true }));
    const script = join(folder, 'example.py');
    writeFileSync(script, example('python'));
    const child = await startPython(scope, script, { env: { SLUICE_URL: front.url } });
    await expectToChat(child, 'python', 'Hello from Python');
    expect(complaints(child)).toEqual([]);
  });

  test('two servers of their own with the adapter hear each other, and a process without sockets', async () => {
    const redis = await startRedis(scope);
    const ports = await freePorts(scope, 2);
    const env = { REDIS_URL: redis.url };
    const servers = await Promise.all(
      ports.map((port) => startNode(`server on ${port}`, example('adapter'), { ...env, PORT: String(port) })),
    );
    const clients = await Promise.all(
      ports.map((port) => startNode(`client of ${port}`, visitor, { PORT: String(port) })),
    );
    for (const client of clients) await untilPrinted(client, 'entered');
    const emitter = await startNode('emitter', example('emitter'), env);
    expect(await emitter.exited).toEqual({ code: 0, signal: null });
    expect(emitter.output.entries.map(({ text }) => text)).toEqual([expect.stringMatching(/^\d+-\d+$/)]);
    for (const client of clients) {
      for (const port of ports) await untilPrinted(client, `visitor of ${port}: Hello`);
      await untilPrinted(client, 'script: Hello to everybody');
    }
    expect([emitter, ...clients].flatMap(complaints)).toEqual([]);
    // They print each fault, and where Redis was late there are some.
    expect(servers.map(({ running }) => running)).toEqual(servers.map(() => true));
  });
});
