import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '@sluice/kernel';
import { Journal, openScope, startCluster, within, type Cluster } from '@sluice/testkit';
import { Connection } from '../src/connection/connection.ts';
import type { WireListener } from '../src/connection/wire.ts';

const shared = openScope(afterAll);
let cluster: Cluster;
let token: string;
let told: Journal<'ready' | 'lost'>;
let listener: WireListener;

beforeAll(async () => {
  cluster = await startCluster(shared, { nodes: 1 });
  token = await cluster.issuer.token('Ana');
});

beforeEach(() => {
  told = new Journal();
  listener = {
    sessionReady: () => told.add('ready'),
    sessionLost: () => told.add('lost'),
    messageHeard: () => undefined,
    typingChanged: () => undefined,
  };
});

function open(traced = async (): Promise<boolean> => false): Connection {
  return new Connection({
    url: cluster.gateway(0).url,
    credentials: { token: () => token, renew: async () => 'ended' },
    clock: systemClock,
    traced,
  });
}

/** Well before a request runs into its own time limit. */
const soon = { timeoutMs: 2_000 };
const lost = { ok: false, error: { code: 'connection_lost' } };

test('a connection begun anew while it waited to introduce itself does so once', async () => {
  const waiting = new Journal<() => void>();
  const connection = open(async () => new Promise((resolve) => waiting.add(() => resolve(true))));
  connection.start(listener);
  await waiting.until(({ length }) => length === 1);
  connection.retryNow();
  await waiting.until(({ length }) => length === 2);
  for (const goOn of waiting.entries) goOn();
  await told.until((entries) => entries.includes('ready'));
  expect(await connection.request('room:join', { room: 'r' })).toMatchObject({ ok: true });
  expect(told.entries).toEqual(['ready']);
  connection.stop();
});

describe('a connection that is stopped', () => {
  test('tells that the session is lost, and answers at once what is and will be asked', async () => {
    const connection = open();
    connection.start(listener);
    await told.until((entries) => entries.includes('ready'));
    const underWay = connection.request('room:join', { room: 'r' });
    connection.stop();
    expect(told.entries).toEqual(['ready', 'lost']);
    expect(await within(underWay, soon)).toMatchObject(lost);
    expect(await within(connection.request('room:join', { room: 'r' }), soon)).toMatchObject(lost);
    connection.stop();
    expect(told.entries).toEqual(['ready', 'lost']);
  });

  test('tells nothing where there was no session', async () => {
    const connection = open();
    connection.start(listener);
    connection.stop();
    expect(told.entries).toEqual([]);
    expect(await within(connection.request('room:join', { room: 'r' }), soon)).toMatchObject(lost);
  });
});
