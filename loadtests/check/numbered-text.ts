/** What a text of the load tests says, so that whoever hears it can check it. */
export interface NumberedText {
  /** Who says it: one socket of one run. */
  readonly sender: string;
  /** Counts what the sender says in this room, from 1, without a hole. */
  readonly number: number;
  /** When it was sent first, in milliseconds since the epoch by the sender's clock. */
  readonly sentAt: number;
}

/** Three bytes in UTF-8: the longest text that is allowed is as heavy as can be, and none of it is only ASCII. */
const filler = '…';

/** @param length of the whole text at least, in UTF-16 units, made up with a filler of three bytes each */
export function writeText({ sender, number, sentAt }: NumberedText, length = 0): string {
  const text = JSON.stringify([sender, number, sentAt]);
  return text + filler.repeat(Math.max(0, length - text.length));
}

/** Undefined for a text of somebody else's. */
export function readText(text: string): NumberedText | undefined {
  try {
    const [sender, number, sentAt] = JSON.parse(text.slice(0, text.lastIndexOf(']') + 1)) as unknown[];
    if (typeof sender !== 'string' || typeof number !== 'number' || typeof sentAt !== 'number')
      return undefined;
    return { sender, number, sentAt };
  } catch {
    return undefined;
  }
}
