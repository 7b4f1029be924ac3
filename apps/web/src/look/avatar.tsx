import type { CSSProperties } from 'react';

/** A hue for a name, the same on every page. */
function hueOf(name: string): number {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9_973;
  return (hash * 47) % 360;
}

export function hueStyle(name: string): CSSProperties {
  return { '--hue': hueOf(name) } as CSSProperties;
}

/** As a reader counts letters: a flag or a family is one. */
function firstLetter(word: string): string {
  const [first] = new Intl.Segmenter().segment(word);
  return first?.segment ?? '';
}

/** The first letters of a name's first and last words. */
function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => word !== '');
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => firstLetter(word ?? ''))
    .join('')
    .toLocaleUpperCase();
}

export function Avatar({ name }: { readonly name: string }) {
  return (
    <span className="avatar" style={hueStyle(name)} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
