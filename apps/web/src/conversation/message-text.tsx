import { linkedText } from './linked-text.ts';

export function MessageText({ text }: { readonly text: string }) {
  return linkedText(text).map((part, index) =>
    part.kind === 'text' ? (
      part.text
    ) : (
      // The parts of a text never change places.
      // oxlint-disable-next-line react/no-array-index-key
      <a key={index} href={part.text} target="_blank" rel="noopener noreferrer">
        {part.text}
      </a>
    ),
  );
}
