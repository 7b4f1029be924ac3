import type { Place } from './places.ts';
import { cutToFit, element, pathElement, textElement, widthOf } from './svg.ts';

const swatch = 12;
const swatchGap = 6;
const entryGap = 20;
const lineHeight = 20;
const maxEntryWidth = 200;

export interface Legend {
  readonly parts: readonly string[];
  readonly height: number;
}

/** The colours of places, and the line of a link where there is one, on as many lines as it takes. */
export function drawLegend(
  places: readonly Place[],
  withLinks: boolean,
  box: { readonly x: number; readonly y: number; readonly endX: number },
): Legend {
  let [x, y] = [box.x, box.y];
  const enter = (text: string, sample: (x: number, y: number) => string, sampleWidth: number): string => {
    const width = sampleWidth + swatchGap + widthOf(text);
    if (x > box.x && x + width > box.endX) [x, y] = [box.x, y + lineHeight];
    const entry = sample(x, y) + textElement(text, { x: x + sampleWidth + swatchGap, y: y + 10 });
    x += width + entryGap;
    return entry;
  };
  const parts = places.map(({ name, color }) =>
    enter(
      cutToFit(name, maxEntryWidth),
      (atX, atY) => element('rect', { class: color, x: atX, y: atY, width: swatch, height: swatch, rx: 2 }),
      swatch,
    ),
  );
  if (withLinks) {
    parts.push(enter('link', (atX, atY) => pathElement('link', 'M', atX, atY + swatch / 2, 'h', 24), 24));
  }
  return { parts, height: y - box.y + lineHeight };
}
