import { limits } from '@sluice/protocol';
import { useRef, useState, type KeyboardEvent } from 'react';
import { Icon } from '../look/icon.tsx';
import './composer.css';
import { lengthNotice } from './length-notice.ts';

interface ComposerProps {
  readonly room: string;
  readonly draft: string;
  readonly wrote: (text: string) => void;
  readonly send: (text: string) => void;
  /** Takes the focus when it appears. */
  readonly eager: boolean;
}

const counterFrom = limits.textLength - 400;

export function Composer({ room, draft, wrote, send, eager }: ComposerProps) {
  const [text, setText] = useState(draft);
  const box = useRef<HTMLTextAreaElement>(null);
  const tooLong = text.length > limits.textLength;
  const sendable = text.trim() !== '' && !tooLong;

  const change = (next: string): void => {
    setText(next);
    wrote(next);
  };
  const submit = (): void => {
    if (!sendable) return;
    send(text.trim());
    change('');
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter chooses a candidate.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label className="visually-hidden" htmlFor="composer">
        Message to {room}
      </label>
      <div className="composer-field" data-text={text}>
        <textarea
          ref={box}
          id="composer"
          data-testid="composer"
          rows={1}
          placeholder="Write a message"
          value={text}
          dir="auto"
          enterKeyHint="send"
          // Opening a room is a wish to write in it; not so on a phone, where it would bring up the keyboard.
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus={eager}
          aria-invalid={tooLong}
          aria-describedby="composer-count"
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <span id="composer-count" className="composer-count" data-over={tooLong}>
        {text.length >= counterFrom && `${text.length} / ${limits.textLength}`}
      </span>
      <span className="visually-hidden" aria-live="polite">
        {lengthNotice(text.length)}
      </span>
      <button
        type="submit"
        className="composer-send"
        data-testid="send"
        aria-label="Send"
        disabled={!sendable}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
