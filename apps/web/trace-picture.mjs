/** Draws the traces of the documentation from the spans of a real cluster: `npm run build && npm run trace-picture`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  connect,
  openBrowser,
  renderWaterfall,
  repositoryPath,
  startCluster,
  startFaultProxy,
  startOtlpReceiver,
  traceTree,
  withScope,
} from '@sluice/testkit';

const room = 'harbour';
const folder = repositoryPath('docs/images');
const nodes = ['gateway-1', 'gateway-2', 'gateway-3'];
const places = new Map([['sluice-web', 'browser'], ...nodes.map((node) => [node, node]), ['redis', 'redis']]);
const clockRemark = 'Spans start on whole milliseconds: the clock of the SDK tells no more.';
// Two pages, three gateways and whatever else there is share the machine: most messages wait for a processor as well.
const tries = 20;

mkdirSync(folder, { recursive: true });
await withScope(async (scope) => {
  const receiver = await startOtlpReceiver(scope);
  const endpoint = `${receiver.url}/v1/traces`;
  const [cluster, browser] = await Promise.all([
    startCluster(scope, {
      nodes: nodes.length,
      env: {
        NODE_ENV: 'development',
        BROWSER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    }),
    openBrowser(scope),
  ]);
  const [first, second, third] = cluster.gateways;
  // Where a load balancer would be: it says to which gateway a client gets, and when.
  let chosen = second;
  const front = await startFaultProxy(scope, {
    target: () => ({ host: '127.0.0.1', port: Number(new URL(chosen.url).port) }),
  });
  const ada = await openPage(browser, 'Ada', first.url);
  const linh = await openPage(browser, 'Linh', front.url);
  const sam = await connect(scope, third, { user: 'Sam' });
  await sam.join(room);

  const write = (text) => ada.getByTestId('composer').fill(text);
  /** Sends what is written; resolves once it has come as far as Sam. Asking a page would keep it from its work. */
  const send = async (text) => {
    await ada.keyboard.press('Enter');
    await sam.untilText(room, text);
  };
  const untilSpans = (find) =>
    receiver.spans.until(find, { describe: () => `whole traces\n${traceTree(receiver.spans.entries)}` });

  // Loads the script that claims a session, which whoever returns first would otherwise wait for.
  front.cut();
  await untilSpans((spans) => spans.some(({ name }) => name === 'recover'));
  await linh.locator('[data-testid=connection][data-state=connected]').waitFor();

  const traces = [];
  for (let number = 1; number <= tries; number++) {
    const text = `Boat ${number} is through.`;
    await write(text);
    const sinceMs = Date.now();
    await send(text);
    traces.push(await untilSpans((spans) => messageTrace(spans, sinceMs, nodes.length)));
  }
  const [quickest] = traces.toSorted((a, b) => tookMs(a) - tookMs(b));
  draw('trace', quickest, {
    title: 'A message, from one page over three gateways to another page',
    remarks: [`The quickest of ${tries} messages of one run on one machine. ${clockRemark}`],
  });

  await write('Lock three is closed.');
  chosen = third;
  front.refuse();
  const killedAtMs = Date.now();
  await second.kill();
  await send('Lock three is closed.');
  await front.heal();
  const recovered = await untilSpans((spans) => {
    const message = messageTrace(spans, killedAtMs, nodes.length - 1);
    const admission = message && admissionTrace(spans, message);
    return admission && [...message, ...admission];
  });
  draw('trace-recovered', recovered, {
    title: 'A message to a page whose gateway has been killed',
    moments: [{ timeNs: nanoseconds(killedAtMs), text: `${second.nodeId} is killed (SIGKILL)` }],
    remarks: [`One run on one machine. ${clockRemark}`],
  });
});

/** A page that traces, in the room. */
async function openPage(browser, user, url) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() =>
    performance.getEntriesByType('resource').some(({ name }) => name.includes('/span-tracing-')),
  );
  await page.getByTestId('signin-name').fill(user);
  await page.getByTestId('signin-submit').click();
  await page.getByTestId('room-input').fill(room);
  await page.getByTestId('room-join').click();
  await page.getByLabel(`Message to ${room}`).waitFor();
  return page;
}

/** The trace of the message that was sent since then, once `hearingNodes` gateways and both pages have told their part. */
function messageTrace(spans, sinceMs, hearingNodes) {
  const trace = wholeTrace(
    spans,
    ({ name, startNs }) => name === 'send message:send' && startNs >= nanoseconds(sinceMs),
  );
  const count = (wanted) => trace?.filter(({ name }) => name === wanted).length;
  return count('process room:{room}') === hearingNodes && count('process message:new') === 2
    ? trace
    : undefined;
}

/** The trace of the connection over which something of `message` was replayed. */
function admissionTrace(spans, [{ traceId }]) {
  return wholeTrace(
    spans,
    ({ name, links }) => name === 'replay' && links.some((link) => link.traceId === traceId),
  );
}

/** All of the trace of the first span that `isOne`, unless a parent is missing. */
function wholeTrace(spans, isOne) {
  const one = spans.find(isOne);
  const trace = spans.filter(({ traceId }) => traceId === one?.traceId);
  const ids = new Set([undefined, ...trace.map(({ spanId }) => spanId)]);
  return trace.length > 0 && trace.every(({ parentSpanId }) => ids.has(parentSpanId)) ? trace : undefined;
}

function tookMs(trace) {
  const starts = trace.map(({ startNs }) => Number(startNs / 1_000n));
  const ends = trace.map(({ endNs }) => Number(endNs / 1_000n));
  return (Math.max(...ends) - Math.min(...starts)) / 1_000;
}

function nanoseconds(ms) {
  return BigInt(ms) * 1_000_000n;
}

function draw(name, spans, options) {
  writeFileSync(`${folder}/${name}.svg`, renderWaterfall(spans, { places, ...options }));
  console.log(`docs/images/${name}.svg\n${traceTree(spans)}`);
}
