/** Nothing but a delivery carries it: where it stands the message's number follows. */
const numberMark = '#';
/** Of a message's text. */
export const textBytes = 100;

/** The text of message `number`. */
export function textOf(number: number): string {
  return `${numberMark}${number} `.padEnd(textBytes, 'x');
}

const mark = numberMark.charCodeAt(0);
const zero = '0'.charCodeAt(0);

/** The number of the message in a frame; undefined where it is no delivery. Reads no more of the frame than it must. */
export function numberIn(frame: Buffer): number | undefined {
  const at = frame.indexOf(mark);
  if (at < 0) return undefined;
  let number = 0;
  for (let index = at + 1; index < frame.length; index++) {
    const digit = (frame[index] as number) - zero;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  return number;
}
