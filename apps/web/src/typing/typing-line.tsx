import './typing-line.css';

/** Who is typing, in a line that keeps its height when nobody is. */
export function TypingLine({ typists }: { readonly typists: readonly string[] }) {
  return (
    <div className="typing-line">
      {typists.length > 0 && (
        <span className="typing" data-testid="typing">
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span className="typing-names">{sentence(typists)}</span>
        </span>
      )}
    </div>
  );
}

function sentence(typists: readonly string[]): string {
  const [first = '', second = ''] = typists;
  if (typists.length === 1) return `${first} is typing`;
  if (typists.length === 2) return `${first} and ${second} are typing`;
  return `${first} and ${typists.length - 1} others are typing`;
}
