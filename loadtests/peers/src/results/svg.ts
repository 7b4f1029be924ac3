type Attributes = Readonly<Record<string, string | number>>;

/** An element without content. Numbers are cut to what an eye can tell apart. */
export function element(name: string, attributes: Attributes): string {
  return `<${name}${attributeList(attributes)}/>`;
}

export function textElement(text: string, attributes: Attributes): string {
  return `<text${attributeList(attributes)}>${escaped(text)}</text>`;
}

function attributeList(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escaped(typeof value === 'number' ? rounded(value) : value)}"`)
    .join('');
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
