import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connectMembers,
  openBrowser,
  openScope,
  startCluster,
  startFront,
  uniqueName,
  eventually,
  wholeHistory,
  type Browser,
  type Client,
  type Cluster,
  type Front,
} from '@sluice/testkit';
import { ChatPage } from './chat-page.ts';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let cluster: Cluster;
let front: Front;
let browser: Browser;

beforeAll(async () => {
  [cluster, browser] = await Promise.all([
    startCluster(shared, {
      nodes: 3,
      env: {
        NODE_ENV: 'development',
        // These tests are not about the limit, and one client speaks for many.
        RATE_LIMIT_PER_SECOND: '10000',
        RATE_LIMIT_BURST: '10000',
      },
    }),
    openBrowser(shared),
  ]);
  front = await startFront(shared, cluster.gateways);
});

const opened: ChatPage[] = [];
afterEach(() => {
  const errors = opened.splice(0).flatMap((page) => page.errors);
  if (errors.length > 0) throw new Error(`uncaught in a page:\n${errors.join('\n')}`);
});

async function enter(name: string, room: string): Promise<ChatPage> {
  const page = await ChatPage.open(scope, browser, front.url);
  opened.push(page);
  await page.signIn(name);
  await page.join(room);
  return page;
}

/** Two pages that the front has put on different gateways. */
async function enterApart(room: string): Promise<[ChatPage, ChatPage]> {
  const first = await enter('Ada', room);
  for (let attempt = 0; attempt < 10; attempt++) {
    const second = await enter('Grace', room);
    if ((await second.node()) !== (await first.node())) return [first, second];
    await second.page.context().close();
  }
  throw new Error('the front puts everybody on one gateway');
}

/**
 * A stock client that goes on speaking until told to stop, each line when `reader` shows the one before; the ids are those
 * acknowledged.
 */
function keepSpeaking(client: Client, room: string, reader: ChatPage) {
  const stopped = new AbortController();
  const ids: string[] = [];
  const speak = async () => {
    while (!stopped.signal.aborted) {
      const { id } = await client.say(room, `line ${ids.length + 1}`);
      ids.push(id);
      await reader.messageWithId(id).waitFor();
    }
  };
  const speaking = speak();
  return {
    ids,
    async stop() {
      stopped.abort();
      await speaking;
    },
  };
}

describe('two people on two gateways', () => {
  test('see each other type and write', async () => {
    const [ada, grace] = await enterApart(uniqueName('room'));
    // It is volatile: what comes while her page is only just joining is not repeated.
    await eventually(
      async () => {
        await ada.write('');
        await ada.write('Hello Gr');
        await grace.byId('typing').getByText('Ada is typing').waitFor({ timeout: 2_000 });
        return true;
      },
      { timeoutMs: 20_000 },
    );
    expect(await ada.byId('typing').count()).toBe(0);
    await ada.say('Hello Grace, how are you? 👋');
    await ada.message('Hello Grace', 'sent').waitFor();
    await grace.message('Hello Grace, how are you? 👋').waitFor();
    await grace.byId('typing').waitFor({ state: 'detached' });
    await grace.say('Very well');
    await ada.message('Very well').waitFor();
    await grace.message('Very well', 'sent').waitFor();
    expect(await ada.ids()).toEqual(await grace.ids());
    expect(await ada.ids()).toHaveLength(2);
  });

  test('miss nothing when the gateway of one is killed in the middle of it', async () => {
    const room = uniqueName('room');
    const [ada, grace] = await enterApart(room);
    const lostNode = await grace.node();
    const lost = cluster.gateways.find((gateway) => gateway.nodeId === lostNode);
    const elsewhere = cluster.gateways.filter((gateway) => gateway !== lost);
    const [speaker] = await connectMembers(scope, elsewhere.slice(0, 1), room);
    if (speaker === undefined || lost === undefined) throw new Error('no gateway to lose, or none to stay');
    const talk = keepSpeaking(speaker, room, ada);
    const tenth = await eventually(() => talk.ids[9], { timeoutMs: 60_000 });
    await grace.messageWithId(tenth).waitFor();

    await lost.kill();
    const gone = await grace.connections.until((shown) =>
      shown.find(({ state }) => state === 'reconnecting'),
    );
    expect(gone.node).toBeNull();
    const told = talk.ids.length;
    await grace.say('written while away');
    await ada.say('meanwhile');
    const back = await grace.connections.until(
      (shown) => shown.slice(shown.indexOf(gone)).find(({ state }) => state === 'connected'),
      { timeoutMs: 20_000 },
    );
    expect(back.node).not.toBe(lostNode);
    await eventually(() => talk.ids.length > told + 10, { timeoutMs: 60_000 });
    await talk.stop();
    const last = talk.ids.at(-1) ?? '';
    for (const page of [ada, grace]) {
      await page.message('written while away', 'sent').waitFor();
      await page.message('meanwhile', 'sent').waitFor();
      await page.messageWithId(last).waitFor();
    }

    const written = (await wholeHistory(speaker, room)).map((message) => message.id);
    expect(written).toEqual(expect.arrayContaining(talk.ids));
    expect(written).toHaveLength(talk.ids.length + 2);
    expect(await grace.ids()).toEqual(written);
    expect(await ada.ids()).toEqual(written);
    await cluster.add(lostNode, { PORT: new URL(lost.url).port });
  });
});

test('what is written while Redis is away is kept, and sent when it is back', async () => {
  const room = uniqueName('room');
  const [ada, grace] = await enterApart(room);
  await ada.write('Redis is');
  await cluster.redis.kill();
  await ada.say('Redis is away');
  await ada.message('Redis is away', 'pending').waitFor();
  await cluster.redis.restart();
  await ada.message('Redis is away', 'sent').waitFor();
  await grace.message('Redis is away').waitFor();
  await grace.say('and back');
  await ada.message('and back').waitFor();
  await grace.message('and back', 'sent').waitFor();
  expect(await ada.ids()).toEqual(await grace.ids());
  expect(await ada.ids()).toHaveLength(2);
});

test('history scrolls back to the first message', async () => {
  const room = uniqueName('room');
  const [speaker] = await connectMembers(scope, [cluster.gateway(0)], room);
  for (let line = 1; line <= 120; line++) await speaker.say(room, `line ${line}.`);
  const ada = await enter('Ada', room);
  await ada.message('line 120.').waitFor();
  expect(await ada.message('line 1.').count()).toBe(0);
  await eventually(async () => {
    await ada.byId('message').first().scrollIntoViewIfNeeded();
    return (await ada.ids()).length === 120;
  });
  const { messages } = await speaker.succeed('history:read', { room, limit: 100 });
  expect((await ada.ids()).slice(-100)).toEqual(messages.map((message) => message.id));
});

test('everything can be done by keyboard alone', async () => {
  const page = await ChatPage.open(scope, browser, front.url);
  opened.push(page);
  const { keyboard } = page.page;
  const room = uniqueName('room');
  await page.tabTo('signin-name');
  await keyboard.type('Ada');
  await keyboard.press('Enter');
  await page.untilConnection('connected');
  await page.tabTo('room-input');
  await keyboard.type(room);
  await keyboard.press('Enter');
  await page.byId('composer').waitFor();
  await page.tabTo('composer');
  await keyboard.type('First line');
  await keyboard.press('Shift+Enter');
  await keyboard.type('second line');
  await keyboard.press('Enter');
  await page.message('second line', 'sent').waitFor();
  // Still where the next message is written.
  await keyboard.type('Third');
  await keyboard.press('Enter');
  await page.message('Third', 'sent').waitFor();
  await page.tabTo('room-item');
  await page.tabTo('sign-out');
  await keyboard.press('Enter');
  await page.byId('signin-name').waitFor();
  expect(page.errors).toEqual([]);
});

test.each([
  ['narrow phone', 320, 568],
  ['phone', 390, 844],
])('a %s shows everything without scrolling sideways', async (_, width, height) => {
  const room = uniqueName('room');
  const page = await ChatPage.open(scope, browser, front.url, { viewport: { width, height }, phone: true });
  opened.push(page);
  expect(await page.sidewaysPx()).toBe(0);
  await page.signIn('Ada Augusta King, Countess of Lovelace');
  expect(await page.sidewaysPx()).toBe(0);
  const drawer = page.byId('rooms-open');
  if (!(await page.byId('room-input').isVisible())) await drawer.click();
  await page.byId('room-input').fill(room);
  await page.byId('room-join').click();
  await page.byId('composer').waitFor();
  const long = `https://example.org/${'x'.repeat(300)}`;
  await page.say(long);
  await page.message(long, 'sent').waitFor();
  await page.say('a short one');
  await page.message('a short one', 'sent').waitFor();
  expect(await page.sidewaysPx()).toBe(0);
  for (const id of ['composer', 'send', 'connection']) {
    const box = await page.byId(id).boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? width)).toBeLessThanOrEqual(width);
    expect((box?.y ?? 0) + (box?.height ?? height)).toBeLessThanOrEqual(height);
  }
});
