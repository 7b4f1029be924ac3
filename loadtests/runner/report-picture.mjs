/** Takes a picture of a report: `npm run report-picture -- REPORT.html PICTURE.png`. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBrowser, withScope } from '@sluice/testkit';

const folder = process.env['INIT_CWD'] ?? process.cwd();
const [report, picture] = process.argv.slice(2).map((path) => resolve(folder, path));
if (picture === undefined) {
  console.error('Usage: npm run report-picture -- REPORT.html PICTURE.png');
  process.exit(64);
}

await withScope(async (scope) => {
  const browser = await openBrowser(scope);
  const page = await browser.newPage({ viewport: { width: 1240, height: 1180 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(report).href);
  await page.locator('figure canvas').first().waitFor();
  await page.screenshot({ path: picture });
});
