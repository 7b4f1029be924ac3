/** Takes the pictures of the documentation from a real cluster: `npm run build && npm run screenshots`. */
import { mkdirSync } from 'node:fs';
import { connect, openBrowser, repositoryPath, startCluster, startFront, withScope } from '@sluice/testkit';

const room = 'harbour';
const folder = repositoryPath('docs/images');
// No emoji: not every machine that takes these pictures has a font for them.
const conversation = [
  ['Sam', 'Morning all. Lock three is open again, first boats are through.'],
  ['Linh', 'Nice! Did the night shift find out why the gauge stuck?'],
  ['Sam', 'A branch in the float chamber. Photos: https://example.org/log/2291'],
  ['Ada', 'Good catch. I restarted gateway-2 while you were at it, did anybody notice?'],
  ['Linh', 'Not a thing. It said “reconnecting” for a blink and filled in what I missed.'],
  ['Noor', 'Same here'],
  ['Ada', 'Then the upgrade goes on: gateway-3 next, in ten minutes.'],
  ['Sam', 'I will keep an eye on the water level.'],
];
const before = [
  ['lobby', 'Noor', 'Who is in today?'],
  ['release notes', 'Sam', 'Starting on the draft'],
];
const elsewhere = [
  ['lobby', 'Linh', 'Lunch at half past twelve?'],
  ['lobby', 'Noor', 'Yes please'],
  ['release notes', 'Sam', 'Draft for 0.1 is up, comments welcome'],
];
const pictures = [
  { name: 'chat-desktop', viewport: { width: 1280, height: 860 }, colorScheme: 'light', isMobile: false },
  { name: 'chat-dark', viewport: { width: 1280, height: 860 }, colorScheme: 'dark', isMobile: false },
  { name: 'chat-phone', viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true },
];

mkdirSync(folder, { recursive: true });
await withScope(async (scope) => {
  const [cluster, browser] = await Promise.all([
    startCluster(scope, { nodes: 3, env: { NODE_ENV: 'development' } }),
    openBrowser(scope),
  ]);
  const front = await startFront(scope, cluster.gateways);
  const people = new Map();
  for (const [index, user] of ['Ada', 'Sam', 'Linh', 'Noor'].entries()) {
    const person = await connect(scope, cluster.gateway(index % 3), { user });
    for (const each of [room, 'lobby', 'release notes']) await person.join(each);
    people.set(user, person);
  }

  for (const [where, user, text] of before) await people.get(user).say(where, text);

  /** Ada's own pages, one for each picture, before anybody says anything. */
  const pages = [];
  for (const { name, ...look } of pictures) {
    const context = await browser.newContext({
      ...look,
      hasTouch: look.isMobile,
      locale: 'en-GB',
      deviceScaleFactor: 2,
    });
    const page = await context.newPage();
    await page.goto(front.url);
    await page.getByTestId('signin-name').fill('Ada');
    await page.getByTestId('signin-submit').click();
    await page.locator('[data-testid=connection][data-state=connected]').waitFor();
    for (const each of ['lobby', 'release notes', room]) {
      const input = page.getByTestId('room-input');
      if (!(await input.isVisible())) await page.getByTestId('rooms-open').click();
      await input.fill(each);
      await page.getByTestId('room-join').click();
      await page.getByLabel(`Message to ${each}`).waitFor();
    }
    pages.push({ name, page });
  }

  for (const [user, text] of conversation) await people.get(user).say(room, text);
  for (const [where, user, text] of elsewhere) await people.get(user).say(where, text);
  for (const { name, page } of pages) {
    await page
      .getByTestId('message')
      .nth(conversation.length - 1)
      .waitFor();
    people.get('Linh').socket.emit('typing:set', { room, typing: false });
    people.get('Linh').socket.emit('typing:set', { room, typing: true });
    await page.bringToFront();
    await page.getByTestId('typing').waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' });
  }
});
