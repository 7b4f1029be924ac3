import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import { shareNodes } from './members.ts';
import { createNodes, drivers, sharedRedis, type Node, type Three } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

type Answer = (value: unknown) => void;

const toFail = async (promise: Promise<unknown>): Promise<Error & { responses?: unknown }> =>
  await promise.then(
    () => {
      throw new Error('this was to fail');
    },
    (error: Error) => error,
  );

describe.each(drivers)('serverSideEmit over %s', (driver) => {
  const enter = shareNodes(scope, () => ({ redis: redis(), driver, namespaces: ['/custom'] }));

  async function start(): Promise<Three<Node>> {
    const { nodes } = await enter();
    scope.onClose(() => {
      for (const { io } of nodes)
        for (const name of ['/', '/custom']) io.of(name).removeAllListeners('hello');
    });
    return nodes;
  }

  const memories = (nodes: Three<Node>, namespace = '/'): unknown[][][] =>
    nodes.map(({ io }) => {
      const heard: unknown[][] = [];
      io.of(namespace).on('hello', (...args: unknown[]) => heard.push(args));
      return heard;
    });

  test('is heard by every other node, in order', async () => {
    const nodes = await start();
    const heard = memories(nodes);
    nodes[0].io.serverSideEmit('hello', 'world', 1, Buffer.from([2]), { three: [3] });
    nodes[0].io.of('/').serverSideEmit('hello');
    await eventually(() => heard[1]?.length === 2 && heard[2]?.length === 2);
    const expected = [['world', 1, Buffer.from([2]), { three: [3] }], []];
    expect(heard).toEqual([[], expected, expected]);
  });

  test('keeps to its namespace', async () => {
    const nodes = await start();
    const [main, custom] = [memories(nodes), memories(nodes, '/custom')];
    nodes[0].io.of('/custom').serverSideEmit('hello', 'custom');
    nodes[0].io.serverSideEmit('hello', 'main');
    await eventually(() => main[2]?.length === 1 && custom[2]?.length === 1);
    await eventually(() => main[1]?.length === 1 && custom[1]?.length === 1);
    expect(main).toEqual([[], [['main']], [['main']]]);
    expect(custom).toEqual([[], [['custom']], [['custom']]]);
  });

  test('collects the answers of the others', async () => {
    const nodes = await start();
    nodes[0].io.on('hello', () => {
      throw new Error('one does not ask oneself');
    });
    nodes[1].io.on('hello', (question: unknown, answer: Answer) => answer([question, 2]));
    nodes[2].io.on('hello', (_question: unknown, answer: Answer) => answer(Buffer.from('3')));
    const outcome = await new Promise<[Error | null, unknown[]]>((resolve) => {
      nodes[0].io.serverSideEmit('hello', 'you', (error: Error | null, responses: unknown[]) =>
        resolve([error, responses]),
      );
    });
    expect(outcome[0]).toBeNull();
    expect(outcome[1]).toHaveLength(2);
    expect(outcome[1]).toEqual(expect.arrayContaining([['you', 2], Buffer.from('3')]));
  });

  test('as a promise resolves to the answers', async () => {
    const nodes = await start();
    nodes[1].io.of('/custom').on('hello', (answer: Answer) => answer(1));
    nodes[2].io.of('/custom').on('hello', (answer: Answer) => answer(2));
    const responses = await nodes[0].io.of('/custom').serverSideEmitWithAck('hello');
    expect((responses as unknown[]).toSorted()).toEqual([1, 2]);
  });

  test('counts an answer once, however often it is given', async () => {
    const nodes = await start();
    nodes[1].io.on('hello', (answer: Answer) => {
      answer('once');
      answer('twice');
    });
    nodes[2].io.on('hello', (answer: Answer) => setTimeout(answer, 100, 'later'));
    expect(((await nodes[0].io.serverSideEmitWithAck('hello')) as unknown[]).toSorted()).toEqual([
      'later',
      'once',
    ]);
  });

  test('ends at once where there is no other node', async () => {
    const node = await createNodes(scope, { redis: redis(), driver }).start();
    node.io.on('hello', () => {
      throw new Error('one does not ask oneself');
    });
    expect(node.io.serverSideEmit('hello')).toBe(true);
    expect(await node.io.serverSideEmitWithAck('hello')).toEqual([]);
  });

  test('fails after five seconds with the answers so far where nodes do not answer', async () => {
    const nodes = await start();
    nodes[1].io.on('hello', (answer: Answer) => answer(2));
    nodes[2].io.on('hello', () => undefined);
    const called = new Promise<[Error, unknown]>((resolve) => {
      nodes[0].io.serverSideEmit('hello', (error: Error, responses: unknown) => resolve([error, responses]));
    });
    const [half, none, [error, responses]] = await Promise.all([
      toFail(nodes[0].io.serverSideEmitWithAck('hello')),
      toFail(nodes[0].io.serverSideEmitWithAck('none')),
      called,
    ]);
    expect(error.message).toBe('timeout reached: only 1 responses received out of 2');
    expect(responses).toEqual([2]);
    expect([half.message, half.responses]).toEqual([error.message, [2]]);
    expect([none.message, none.responses]).toEqual([
      'timeout reached: only 0 responses received out of 2',
      [],
    ]);
  });
});
