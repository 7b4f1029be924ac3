type Attributes = Readonly<Record<string, string | number>>;

/** An element without content. */
export function element(name: string, attributes: Attributes): string {
  return `<${name}${attributeList(attributes)}/>`;
}

export function textElement(text: string, attributes: Attributes): string {
  return `<text${attributeList(attributes)}>${escaped(text)}</text>`;
}

/** A path of commands and coordinates. */
export function pathElement(className: string, ...parts: ReadonlyArray<string | number>): string {
  const d = parts.map((part) => (typeof part === 'number' ? rounded(part) : part)).join(' ');
  return element('path', { class: className, d });
}

/** `text` as content of an element or an attribute; what XML cannot hold is shown as U+FFFD. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

// Of DejaVu Sans at 12 px, which is wider than what most machines have. Which font it will be nobody knows before.
const pxPerCharacter = 7;

/** How wide `text` is, more likely less than more. */
export function widthOf(text: string): number {
  return Array.from(text).length * pxPerCharacter;
}

/** `text`, cut where it is wider than `widthPx`. */
export function cutToFit(text: string, widthPx: number): string {
  const characters = Array.from(text);
  const room = Math.max(1, Math.floor(widthPx / pxPerCharacter));
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}

function attributeList(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(typeof value === 'number' ? rounded(value) : value)}"`)
    .join('');
}

/** Cut to what an eye can tell apart. */
function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
