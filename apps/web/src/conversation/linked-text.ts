export type TextPart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'link'; readonly text: string };

const webAddress = /https?:\/\/[^\s<>"]+/g;
const trailingPunctuation = /[.,;:!?'")\]}]+$/;

/** Cuts a text at its web addresses; the parts put together are the text. */
export function linkedText(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  const addText = (until: number): void => {
    if (until > end) parts.push({ kind: 'text', text: text.slice(end, until) });
  };
  for (const match of text.matchAll(webAddress)) {
    const address = match[0].replace(trailingPunctuation, '');
    addText(match.index);
    parts.push({ kind: 'link', text: address });
    end = match.index + address.length;
  }
  addText(text.length);
  return parts;
}

/** True for a few emoji and nothing else, which may be drawn larger. */
export function isEmojiOnly(text: string): boolean {
  return (
    text.length <= 24 &&
    /^(?:\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\u200d|\ufe0f)*\s*){1,6}$/u.test(text)
  );
}
