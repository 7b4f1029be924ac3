import { memo } from 'react';
import { Avatar, hueStyle } from '../look/avatar.tsx';
import { Icon } from '../look/icon.tsx';
import { isEmojiOnly } from './linked-text.ts';
import './message-row.css';
import { MessageText } from './message-text.tsx';
import { dateAndTime, timeOfDay } from './moments.ts';
import type { ShownMessage } from './rows.ts';

interface MessageRowProps {
  readonly message: ShownMessage;
  readonly first: boolean;
  readonly last: boolean;
  readonly retry: (clientId: string) => void;
  readonly discard: (clientId: string) => void;
}

const statusIcons = { pending: 'clock', sent: 'check', failed: 'alert' } as const;
const statusWords = { pending: 'Sending', sent: 'Sent', failed: 'Not sent' } as const;

function sameMessage(a: ShownMessage, b: ShownMessage): boolean {
  return (
    a.id === b.id && a.status === b.status && a.at === b.at && a.failure === b.failure && a.text === b.text
  );
}

export const MessageRow = memo(
  function MessageRow({ message, first, last, retry, discard }: MessageRowProps) {
    const { id, clientId, user, text, at, mine, status, failure, key } = message;
    return (
      <li
        className="message"
        data-testid="message"
        data-id={id}
        data-client-id={clientId}
        data-status={status}
        data-user={user}
        data-key={key}
        data-mine={mine}
        data-first={first}
        data-last={last}
      >
        {!mine && <span className="message-side">{last && <Avatar name={user} />}</span>}
        <div className="message-body">
          <span className={first && !mine ? 'message-user' : 'visually-hidden'} style={hueStyle(user)}>
            {mine ? 'You' : user}
          </span>
          <div className="bubble">
            <span className={isEmojiOnly(text) ? 'message-text message-emoji' : 'message-text'} dir="auto">
              <MessageText text={text} />
            </span>
            <span className="message-meta">
              <time dateTime={new Date(at).toISOString()} title={dateAndTime(at)}>
                {timeOfDay(at)}
              </time>
              {mine && (
                <span className="message-status" title={statusWords[status]}>
                  <Icon name={statusIcons[status]} />
                  <span className="visually-hidden">{statusWords[status]}</span>
                </span>
              )}
            </span>
          </div>
          {status === 'failed' && (
            <div className="message-failure">
              <span role="alert">Not sent. {failure}</span>
              <button type="button" data-testid="retry" onClick={() => retry(clientId)}>
                Retry
              </button>
              <button type="button" data-testid="discard" onClick={() => discard(clientId)}>
                Delete
              </button>
            </div>
          )}
        </div>
      </li>
    );
  },
  (a, b) =>
    a.first === b.first &&
    a.last === b.last &&
    a.retry === b.retry &&
    a.discard === b.discard &&
    sameMessage(a.message, b.message),
);
