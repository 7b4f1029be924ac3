import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  connect,
  eventually,
  messagesHeard,
  openScope,
  startCluster,
  uniqueName,
  type Client,
  type Cluster,
} from '@sluice/testkit';
import { returning, startBalancer } from './lanes-support.ts';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster(shared, { nodes: 2, driver: 'lanes' });
});

/** Every Engine.IO packet of every later connection. */
function recordFrames({ socket }: Client): string[] {
  const frames: string[] = [];
  socket.io.on('open', () => {
    socket.io.engine.on('packet', ({ type, data }) => {
      frames.push(type === 'message' ? String(data) : type);
    });
  });
  return frames;
}

const now = (): number => Math.floor(Date.now() / 1_000);

const tokens: Array<[string, string, (user: string) => Promise<string>]> = [
  ['expired', 'token_expired', (user) => cluster.issuer.token(user, { claims: { exp: now() - 1 } })],
  [
    'been signed with another key',
    'unauthorized',
    (user) => cluster.issuer.token(user, { secret: 'z'.repeat(32) }),
  ],
  ['become no token at all', 'unauthorized', () => Promise.resolve('revoked')],
];

test.each(tokens)('a user whose token has %s gets not one replayed byte', async (_, code, tokenOf) => {
  const [one, two] = [cluster.gateway(0), cluster.gateway(1)];
  const room = uniqueName('room');
  const balancer = await startBalancer(scope, one);
  const speaker = await connect(scope, two);
  await speaker.join(room);
  const user = uniqueName('user');
  const auth = { token: await cluster.issuer.token(user) };
  const client = await connect(scope, balancer, { user, auth, socket: returning });
  await client.join(room);
  await speaker.say(room, 'heard');
  await client.untilText(room, 'heard');
  auth.token = await tokenOf(user);
  const frames = recordFrames(client);
  const refused = new Promise<Error & { data?: unknown }>((resolve) => {
    client.socket.once('connect_error', resolve);
  });
  balancer.route([two]);
  balancer.proxy.cut();
  await speaker.say(room, 'for members only');
  expect((await refused).data).toEqual({ code, retryable: false });
  await speaker.say(room, 'still for members only');
  // Not one frame but the refusal, and nothing follows: the server ends the connection.
  await eventually(() => !client.socket.io.engine.readyState.startsWith('open'));
  expect(frames.filter((frame) => frame !== 'open')).toEqual([expect.stringMatching(/^4\{"message":/)]);
  expect(client.texts(room)).toEqual(['heard']);

  // Let in again, it is who it was.
  auth.token = await cluster.issuer.token(user);
  client.socket.connect();
  expect(await client.untilReady(2)).toMatchObject({ recovered: true });
  expect(await messagesHeard(room, speaker, [client])).toEqual([
    ['heard', 'for members only', 'still for members only'],
  ]);
});
