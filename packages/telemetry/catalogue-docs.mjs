// npm run docs:telemetry, after a change to the catalogue: writes its tables into docs/telemetry.md, each under its heading
// and in the place of the table that is there. With -- --check it writes nothing, and fails where something would change.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { renderCatalogue } from './dist/index.js';

const path = fileURLToPath(new URL('../../docs/telemetry.md', import.meta.url));
const before = readFileSync(path, 'utf8');
let text = before;
for (const [heading, table] of Object.entries(renderCatalogue())) {
  // The heading, what is said before the table, and the table.
  const place = new RegExp(`(^#+ ${heading}\n(?:(?![#|]).*\n)*)(?:\\|.*\n)*`, 'm');
  if (!place.test(text)) throw new Error(`docs/telemetry.md has no heading "${heading}"`);
  text = text.replace(place, (_all, head) => head + table);
}
const after = await format(text, { ...(await resolveConfig(path)), filepath: path });
if (!process.argv.includes('--check')) writeFileSync(path, after);
else if (after !== before) {
  console.error('docs/telemetry.md is not what the catalogue says; npm run docs:telemetry writes it');
  process.exitCode = 1;
}
