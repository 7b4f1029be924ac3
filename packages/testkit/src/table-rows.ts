import { readFileSync } from 'node:fs';
import { repositoryPath } from './repository.ts';

/**
 * The rows of a Markdown page's tables whose first cell is code, by that code: the other cells, trimmed. With `heading`,
 * only those of the section under that heading.
 */
export function tableRows(path: string, heading?: string): Map<string, string[]> {
  const page = readFileSync(repositoryPath(path), 'utf8');
  const sections = page.split(/^(?=## )/m);
  const text =
    heading === undefined ? page : sections.find((section) => section.startsWith(`## ${heading}\n`));
  if (text === undefined) throw new RangeError(`${path} has no section "${heading}"`);
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return new Map(cells.map(([name = '', ...rest]) => [name.replaceAll('`', ''), rest]));
}
