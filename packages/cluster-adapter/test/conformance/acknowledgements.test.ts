import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, openScope } from '@sluice/testkit';
import type { BroadcastOperator, DefaultEventsMap } from 'socket.io';
import { join, shareNodes, type Member } from './members.ts';
import { drivers, sharedRedis, startNodes } from './nodes.ts';

const scope = openScope(afterEach);
const redis = sharedRedis();

type Answer = (value: unknown) => void;
type Operator = BroadcastOperator<DefaultEventsMap, unknown>;

// Long enough for a busy machine; whoever answers is not waited for that long.
const patientMs = 10_000;
// Time enough for those who answer, where somebody else is silent.
const impatientMs = 4_000;

const answers = (member: Member, value: unknown): void => {
  member.socket.on('ask', (answer: Answer) => answer(value));
};

interface Outcome {
  readonly error: Error | null;
  readonly responses: unknown[];
}

/** The callback's form, and how often it is called. */
function ask(
  operator: Operator,
  ...args: readonly unknown[]
): { outcome: Promise<Outcome>; calls: unknown[] } {
  const calls: unknown[] = [];
  const outcome = new Promise<Outcome>((resolve) => {
    operator.emit('ask', ...args, (error: Error | null, responses: unknown[]) => {
      calls.push([error, responses]);
      resolve({ error, responses });
    });
  });
  return { outcome, calls };
}

async function failure(promise: Promise<unknown>): Promise<Error & { responses?: unknown }> {
  return await promise.then(
    () => {
      throw new Error('this was to fail');
    },
    (error: Error) => error,
  );
}

describe.each(drivers)('a broadcast that asks for acknowledgements over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver, namespaces: ['/custom'] }));

  test('collects the answer of every client on every node', async () => {
    const { nodes, members } = await start();
    const beside = await join(scope, nodes[1]);
    for (const [index, member] of [...members, beside].entries()) answers(member, index);
    const { error, responses } = await ask(nodes[0].io.timeout(patientMs)).outcome;
    expect(error).toBeNull();
    expect(responses.toSorted()).toEqual([0, 1, 2, 3]);
  });

  test('carries bytes there and back', async () => {
    const { nodes, members } = await start();
    for (const { socket } of members) {
      socket.on('ask', (bytes: Buffer, answer: Answer) => answer(Buffer.concat([bytes, Buffer.from('!')])));
    }
    const { error, responses } = await ask(nodes[0].io.timeout(patientMs), Buffer.from('hi')).outcome;
    expect(error).toBeNull();
    expect(responses).toEqual(members.map(() => Buffer.from('hi!')));
  });

  test('as a promise resolves to the answers', async () => {
    const { nodes, members } = await start();
    for (const [index, member] of members.entries()) answers(member, { index });
    const responses = (await nodes[2].io.timeout(patientMs).emitWithAck('ask')) as unknown[];
    expect(responses).toHaveLength(3);
    expect(responses).toEqual(expect.arrayContaining([{ index: 0 }, { index: 1 }, { index: 2 }]));
  });

  test('that reaches nobody ends at once without an error', async () => {
    const { nodes, members } = await start();
    for (const member of members) answers(member, 'not asked');
    expect(await ask(nodes[0].io.to('nobody').timeout(patientMs)).outcome).toEqual({
      error: null,
      responses: [],
    });
  });

  test('does not need clients on every node, nor on its own', async () => {
    const nodes = await startNodes(scope, { redis: redis(), driver });
    const member = await join(scope, nodes[2]);
    answers(member, 'alone');
    expect(await ask(nodes[0].io.timeout(patientMs)).outcome).toEqual({ error: null, responses: ['alone'] });
    expect(await ask(nodes[2].io.timeout(patientMs)).outcome).toEqual({ error: null, responses: ['alone'] });
  });

  test('fails with the answers so far where a client is silent', async () => {
    const { nodes, members } = await start();
    answers(members[0], 1);
    answers(members[1], 2);
    const late = new Promise<Answer>((resolve) => {
      members[2].socket.on('ask', resolve);
    });
    const { outcome, calls } = ask(nodes[0].io.timeout(impatientMs));
    const { error, responses } = await outcome;
    expect(error).toEqual(new Error('operation has timed out'));
    expect(responses.toSorted()).toEqual([1, 2]);
    (await late)(3);
    // Answers of this client come in order.
    members[2].socket.on('again', (answer: Answer) => answer('again'));
    await nodes[0].io.to(members[2].atServer.id).timeout(patientMs).emitWithAck('again');
    expect(calls).toHaveLength(1);
  });

  test('as a promise rejects with the answers so far where clients are silent', async () => {
    const { nodes, members } = await start();
    answers(members[1], 'there');
    const error = await failure(nodes[0].io.timeout(impatientMs).emitWithAck('ask'));
    expect(error.message).toBe('operation has timed out');
    expect(error.responses).toEqual(['there']);
  });

  test('keeps to rooms, exceptions and its namespace', async () => {
    const { nodes, members } = await start();
    const inside = await join(scope, nodes[1], { namespace: '/custom' });
    for (const [index, member] of members.entries()) answers(member, index);
    answers(inside, 'custom');
    await members[1].atServer.join('room');
    await members[2].atServer.join('room');
    const { io } = nodes[0];
    const asked = async (operator: Operator): Promise<unknown[]> =>
      ((await operator.timeout(patientMs).emitWithAck('ask')) as unknown[]).toSorted();
    expect(await asked(io.to('room'))).toEqual([1, 2]);
    expect(await asked(io.except('room'))).toEqual([0]);
    expect(await asked(io.to(['room', members[0].atServer.id]).except(members[2].atServer.id))).toEqual([
      0, 1,
    ]);
    expect(await asked(io.of('/custom').to([]))).toEqual(['custom']);
    expect(await asked(members[1].atServer.broadcast)).toEqual([0, 2]);
    expect(await asked(members[1].atServer.to('room'))).toEqual([2]);
  });

  test('is kept apart from others made at the same time on any node', async () => {
    const { nodes, members } = await start();
    for (const { socket } of members)
      socket.on('ask', (question: string, answer: Answer) => answer(question));
    const asked = nodes.flatMap(({ io }, node) =>
      Array.from({ length: 10 }, async (_, index) => {
        const question = `${node}-${index}`;
        return [question, await io.timeout(patientMs).emitWithAck('ask', question)];
      }),
    );
    for (const [question, responses] of await Promise.all(asked)) {
      expect(responses).toEqual([question, question, question]);
    }
  });
});

describe.each(drivers)('a question to one socket over %s', (driver) => {
  const start = shareNodes(scope, () => ({ redis: redis(), driver }));

  test('of this node resolves to its answer', async () => {
    const { members } = await start();
    answers(members[1], 2);
    expect(await members[1].atServer.timeout(patientMs).emitWithAck('ask')).toBe(2);
    expect([...members[0].heard, ...members[2].heard]).toEqual([]);
  });

  test('of another node resolves to its answer', async () => {
    const { nodes, members } = await start();
    answers(members[1], Buffer.from([2]));
    const [remote, ...others] = await nodes[0].io.in(members[1].atServer.id).fetchSockets();
    expect(others).toEqual([]);
    expect(await remote?.timeout(patientMs).emitWithAck('ask')).toEqual(Buffer.from([2]));
    expect([...members[0].heard, ...members[2].heard]).toEqual([]);
  });

  test('of another node fails where it is silent', async () => {
    const { nodes, members } = await start();
    const [remote] = await nodes[0].io.in(members[1].atServer.id).fetchSockets();
    const error = await failure(remote?.timeout(500).emitWithAck('ask') as Promise<unknown>);
    expect(error.message).toBe('operation has timed out');
    await eventually(() => members[1].heard.length === 1);
  });
});
