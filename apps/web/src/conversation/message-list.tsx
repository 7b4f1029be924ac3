import { useCallback, useEffect, useMemo } from 'react';
import { unreadIn, type RoomState } from '../chat/chat-state.ts';
import type { Chat } from '../chat/chat.ts';
import { Icon } from '../look/icon.tsx';
import type { OutboxEntry } from '../outbox/outbox-entry.ts';
import './message-list.css';
import { MessageRow } from './message-row.tsx';
import { dayName } from './moments.ts';
import { ListStart } from './list-start.tsx';
import { layOutRows } from './rows.ts';
import { useToday } from './use-today.ts';
import { useAnnouncement } from './use-announcement.ts';
import { useScrollKeeper } from './use-scroll-keeper.ts';

interface MessageListProps {
  readonly chat: Chat;
  readonly room: RoomState;
  readonly user: string;
  readonly outbox: readonly OutboxEntry[];
}

/** From here on, scrolling up asks for older messages. */
const nearTopPx = 240;

export function MessageList({ chat, room, user, outbox }: MessageListProps) {
  const { name, timeline, newAfter, older } = room;
  const { messages, more } = timeline;
  const rows = useMemo(
    () => layOutRows({ user, messages, outbox, newAfter }),
    [user, messages, outbox, newAfter],
  );
  const { scroller, atBottom, toBottom, onScroll } = useScrollKeeper();
  const today = useToday();
  const announcement = useAnnouncement(messages, user);
  const unread = unreadIn(room, user).count;
  const retry = useCallback((clientId: string) => chat.outbox.retry(clientId), [chat]);
  const discard = useCallback((clientId: string) => chat.outbox.discard(clientId), [chat]);

  const lastWritten = outbox.at(-1)?.clientId;
  useEffect(() => {
    if (lastWritten !== undefined) toBottom();
  }, [lastWritten, toBottom]);

  useEffect(() => {
    const see = (): void => {
      if (atBottom && document.visibilityState === 'visible') chat.markRead(name);
    };
    // Whatever was drawn anew may be a message; where it was not, this changes nothing.
    see();
    document.addEventListener('visibilitychange', see);
    return () => document.removeEventListener('visibilitychange', see);
  });

  const loadNearTop = useCallback((): void => {
    const element = scroller.current;
    if (element !== null && element.scrollTop < nearTopPx && more && older === 'idle')
      void chat.loadOlder(name);
  }, [chat, name, more, older, scroller]);
  // Also where the page just read does not fill the screen.
  useEffect(loadNearTop);

  return (
    <div className="list-place">
      <div
        ref={scroller}
        className="list"
        role="log"
        aria-label={`Messages in ${name}`}
        aria-live="off"
        // A part that scrolls has to be reachable by keyboard to be scrolled by it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={() => {
          onScroll();
          loadNearTop();
        }}
      >
        <ListStart room={room} empty={rows.length === 0} loadOlder={() => void chat.loadOlder(name)} />
        <ol className="list-rows">
          {rows.map((row) => {
            if (row.kind === 'message') {
              const { key, message, first, last } = row;
              return (
                <MessageRow
                  key={key}
                  message={message}
                  first={first}
                  last={last}
                  retry={retry}
                  discard={discard}
                />
              );
            }
            return (
              <li key={row.key} className={row.kind === 'day' ? 'list-day' : 'list-new'}>
                <span>{row.kind === 'day' ? dayName(row.at, today) : 'New'}</span>
              </li>
            );
          })}
        </ol>
      </div>
      <p className="visually-hidden" aria-live="polite">
        <span key={announcement.key}>{announcement.text}</span>
      </p>
      {!atBottom && (
        <button type="button" className="to-bottom" data-testid="to-bottom" onClick={toBottom}>
          <Icon name="down" />
          {unread === 0 ? 'Latest' : `${unread} new ${unread === 1 ? 'message' : 'messages'}`}
        </button>
      )}
    </div>
  );
}
