import { randomInt } from 'node:crypto';
import { NeedleIndex, type Needle } from '@sluice/testkit';

/** Somewhere that others look at. */
export interface Place<Kind> {
  readonly name: string;
  readonly content: Buffer;
  /** What may be there. */
  readonly allowed: readonly Kind[];
}

export interface Findings {
  /** Where they may be. */
  readonly seen: readonly string[];
  /** Where they may not. */
  readonly leaked: readonly string[];
}

// None is hexadecimal, so that no id holds a secret by accident.
const letters = 'ghjkmnpqrstvwxyz';
// A part of a token that is shorter is no secret.
const shortestPart = 16;

/** What is to be found nowhere, and the search for it. */
export class PlantedSecrets<Kind extends string> {
  readonly #needles: (Needle & { readonly kind: Kind })[] = [];

  /** A secret of its own, in what `around` makes of it. It is looked for with that and without. */
  plant(kind: Kind, around: (core: string) => string = (core) => core, length = 24): string {
    const core = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
    const text = around(core);
    this.#add(kind, [core, text]);
    return text;
  }

  /** Something secret that is as it is, such as a token. Neither may its parts be found. */
  keep(kind: Kind, text: string): string {
    this.#add(kind, [text, ...text.split('.').filter((part) => part.length >= shortestPart)]);
    return text;
  }

  search(places: readonly Place<Kind>[]): Findings {
    const index = new NeedleIndex(this.#needles);
    const [seen, leaked] = [new Set<string>(), new Set<string>()];
    for (const { name, content, allowed } of places) {
      for (const { needle, at } of index.find(content)) {
        const what = `${needle.kind} in ${name}`;
        const around = content.toString('utf8', Math.max(0, at - 200), at + needle.bytes.length + 50);
        if (allowed.includes(needle.kind)) seen.add(what);
        else leaked.add(`${what}: ${around}`);
      }
    }
    return { seen: [...seen], leaked: [...leaked] };
  }

  #add(kind: Kind, texts: readonly string[]): void {
    for (const form of new Set(texts.flatMap(formsOf)))
      this.#needles.push({ kind, bytes: Buffer.from(form) });
  }
}

/** As it is, and as it stands in a URL, in JSON, in hexadecimal digits and, wherever it begins there, in base64. */
export function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].flatMap((before) => {
    // Without the signs that what stands before or behind it has a part in.
    const inside = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
    return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const json = JSON.stringify(text).slice(1, -1);
  return [text, encodeURIComponent(text), json, hex, hex.toUpperCase(), ...base64];
}
