// npm run docs:loadtests, after a change to the catalogue: writes its table into docs/loadtesting.md, between the two marks.
// With -- --check it writes nothing, and fails where something would change.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { scenarioNames, scenarios } from './catalogue.mjs';

const path = fileURLToPath(new URL('../docs/loadtesting.md', import.meta.url));
const needed = {
  roll: 'a rolling restart',
  crash: 'a gateway killed',
  'restart-redis': 'Redis killed',
  slow: 'slow reading',
};
const rows = scenarioNames.map((name) => {
  const { proves, catches, needs, variables } = scenarios[name];
  const { MEMBERS, SECONDS } = variables;
  const cells = [
    `\`${name}\``,
    proves,
    `${MEMBERS.default}, ${SECONDS.default} s`,
    catches.join(', '),
    needs.map((need) => needed[need]).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
});
const table = ['| scenario | proves | members, time | catches | needs |', '| - | - | - | - | - |', ...rows];
const before = readFileSync(path, 'utf8');
const place = /(<!-- scenarios -->\n)[^]*?(\n<!-- \/scenarios -->)/;
if (!place.test(before)) throw new Error('docs/loadtesting.md has no place for the scenarios');
const text = before.replace(place, (_all, head, foot) => `${head}\n${table.join('\n')}\n${foot}`);
const after = await format(text, { ...(await resolveConfig(path)), filepath: path });
if (!process.argv.includes('--check')) writeFileSync(path, after);
else if (after !== before) {
  console.error('docs/loadtesting.md is not what the catalogue says; npm run docs:loadtests writes it');
  process.exitCode = 1;
}
