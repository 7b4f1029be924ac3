import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connect,
  createTokenIssuer,
  openScope,
  startCluster,
  startGateway,
  startOtlpReceiver,
  withScope,
  type Cluster,
  type OtlpReceiver,
} from '@sluice/testkit';

const exposed = (...parts: string[]) => ({
  errors: [
    expect.objectContaining({
      errors: [
        expect.objectContaining({
          code: 'secret_exposed',
          message: expect.stringMatching(new RegExp(parts.join('[^]*'))),
        }),
      ],
    }),
  ],
});

describe('at the end of its scope', () => {
  const shared = openScope(afterAll);
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(shared, { nodes: 1 });
  });

  test('a gateway that has logged what was said fails it, and tells where', async () => {
    const scope = openScope();
    const { redis, issuer } = cluster;
    const gateway = await startGateway(scope, { redisUrl: redis.url, nodeId: 'talkative', issuer });
    // Names of users are in the log.
    const client = await connect(scope, gateway, { user: 'Ada "the" Lovelace' });
    await client.join('lobby');
    await client.say('lobby', 'nothing of note');
    await client.say('lobby', client.user);
    await expect(scope.close()).rejects.toMatchObject(
      exposed(
        'the output of gateway talkative',
        'a text, "Ada "… \\(18 characters\\)',
        '<here>',
        '"connected"',
      ),
    );
    expect(gateway.child.running).toBe(false);
  });

  test('one that has kept it to itself does not', async () => {
    const quiet = withScope(async (scope) => {
      const gateway = await startGateway(scope, {
        redisUrl: cluster.redis.url,
        nodeId: 'discreet',
        issuer: cluster.issuer,
      });
      const client = await connect(scope, gateway);
      await client.join('lobby');
      await client.say('lobby', 'between you and me');
      // Too short to be told from what is there by accident.
      await client.say('lobby', 'lobby');
      await client.say('lobby', 'msg');
    });
    await expect(quiet).resolves.toBeUndefined();
  });
});

describe('what is sent to an OTLP receiver', () => {
  const send = (receiver: OtlpReceiver, text: string) =>
    fetch(`${receiver.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [], text }),
    });

  test.each([
    ['a token', async () => `Bearer ${await createTokenIssuer().token('ada')}`],
    ['a JWT secret', () => createTokenIssuer().secret],
  ])('must not hold %s', async (what, secret) => {
    const scope = openScope();
    const receiver = await startOtlpReceiver(scope);
    expect((await send(receiver, await secret())).status).toBe(200);
    await expect(scope.close()).rejects.toMatchObject(exposed(`OTLP receiver on ${receiver.port}`, what));
  });

  test('may hold anything else', async () => {
    await withScope(async (scope) => {
      createTokenIssuer();
      const receiver = await startOtlpReceiver(scope);
      expect((await send(receiver, 'anything else')).status).toBe(200);
    });
  });
});
