import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  openBrowser,
  openScope,
  startCluster,
  startOtlpReceiver,
  traceTree,
  uniqueName,
  type Browser,
  type Cluster,
  type OtlpReceiver,
  type OtlpSpan,
} from '@sluice/testkit';
import { ChatPage } from './chat-page.ts';

const shared = openScope(afterAll);
const scope = openScope(afterEach);
let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser(shared);
});

const opened: ChatPage[] = [];
afterEach(() => {
  const errors = opened.splice(0).flatMap((page) => page.errors);
  if (errors.length > 0) throw new Error(`uncaught in a page:\n${errors.join('\n')}`);
});

async function open(url: string): Promise<ChatPage> {
  const page = await ChatPage.open(scope, browser, url);
  opened.push(page);
  return page;
}

describe('where the cluster wants pages traced', () => {
  let receiver: OtlpReceiver;
  let cluster: Cluster;

  beforeAll(async () => {
    receiver = await startOtlpReceiver(shared);
    const endpoint = `${receiver.url}/v1/traces`;
    cluster = await startCluster(shared, {
      nodes: 2,
      env: {
        NODE_ENV: 'development',
        BROWSER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    });
  });

  async function enterTraced(node: number, name: string, room: string): Promise<ChatPage> {
    const page = await open(cluster.gateway(node).url);
    await page.page.waitForFunction(() =>
      performance.getEntriesByType('resource').some((loaded) => loaded.name.includes('/span-tracing-')),
    );
    await page.signIn(name);
    await page.join(room);
    return page;
  }

  test('one trace leads from one page over the gateways into another, and tells neither names nor words', async () => {
    const room = uniqueName('room');
    const ada = await enterTraced(0, 'Ada Lovelace', room);
    const grace = await enterTraced(1, 'Grace Hopper', room);
    expect(ada.introductions.entries).toMatchObject([{ trace: 'on' }]);
    await ada.say('a word in confidence');
    await grace.message('a word in confidence').waitFor();

    const way = await receiver.spans.until(
      (spans) =>
        spans
          .filter(({ name }) => name === 'process message:new')
          .map((span) => ancestry(span, spans))
          .find((spansOnWay) => isWhole(spansOnWay) && spansOnWay.at(-2)?.resource[instance] === 'gateway-2'),
      {
        timeoutMs: 20_000,
        describe: () => `the way from page to page\n${traceTree(receiver.spans.entries)}`,
      },
    );
    expect(way.map(({ name, resource }) => [name, resource[instance] ?? 'page'])).toEqual([
      ['send message:send', 'page'],
      ['process message:send', 'gateway-1'],
      ['handle message:send', 'gateway-1'],
      ['send room:{room}', 'gateway-1'],
      ['process room:{room}', 'gateway-2'],
      ['process message:new', 'page'],
    ]);
    const page = { status: { code: 'UNSET' }, resource: { 'service.name': 'sluice-web' } };
    const [said, heard] = [way[0], way.at(-1)];
    expect(said).toMatchObject({ ...page, kind: 'PRODUCER', links: [] });
    expect(heard).toMatchObject({
      ...page,
      kind: 'CONSUMER',
      links: [{ traceId: said?.traceId, spanId: heard?.parentSpanId }],
    });
    const told = Buffer.concat(receiver.bodies).toString();
    for (const word of [room, 'Lovelace', 'Hopper', 'confidence']) expect(told).not.toContain(word);
  });

  test('a page that is reloaded, and connects at once, asks for it all the same', async () => {
    const ada = await enterTraced(0, 'Ada', uniqueName('room'));
    await ada.page.reload();
    const again = await ada.introductions.until(([, second]) => second, { timeoutMs: 20_000 });
    expect(again).toMatchObject({ trace: 'on' });
  });

  test('a page that is left sends the spans it still has', async () => {
    const ada = await enterTraced(0, 'Ada', uniqueName('room'));
    const before = sentByPages().length;
    await ada.say('and now I am gone');
    await ada.message('and now I am gone', 'sent').waitFor();
    await ada.page.goto('about:blank');
    await receiver.spans.until(() => sentByPages().length > before, { timeoutMs: 20_000 });
    expect(sentByPages().at(-1)).toMatchObject({
      kind: 'PRODUCER',
      status: { code: 'UNSET' },
      attributes: { 'messaging.destination.name': 'message:send' },
    });
  });

  const sentByPages = () => receiver.spans.entries.filter(({ name }) => name === 'send message:send');
});

test('where it does not, a page loads nothing for it, and does not ask for it', async () => {
  const cluster = await startCluster(scope, { nodes: 1, env: { NODE_ENV: 'development' } });
  const page = await open(cluster.gateway(0).url);
  await page.signIn('Ada');
  await page.join(uniqueName('room'));
  await page.say('hello');
  await page.message('hello', 'sent').waitFor();
  expect(page.requests.entries).toContain('/client-config');
  expect(page.requests.entries.filter((path) => path.endsWith('.js'))).toEqual([
    expect.stringMatching(/^\/assets\/index-[^/]+\.js$/),
  ]);
  expect(page.introductions.entries).toEqual([{ token: expect.any(String) }]);
});

const instance = 'service.instance.id';

function isWhole([root]: readonly OtlpSpan[]): boolean {
  return root?.parentSpanId === undefined;
}

/** From the root of its trace down to `span`, as far as its ancestors are among `spans`. */
function ancestry(span: OtlpSpan, spans: readonly OtlpSpan[]): readonly OtlpSpan[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [span] : [...ancestry(parent, spans), span];
}
