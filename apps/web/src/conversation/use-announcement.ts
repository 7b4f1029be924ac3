import type { Message } from '@sluice/protocol';
import { useEffect, useRef, useState } from 'react';
import { comparePositions } from '../timeline/message-order.ts';

export interface Announcement {
  /** Another one for every announcement, since the same text in the same element is not read out again. */
  readonly key: string;
  readonly text: string;
}

const nothingYet: Announcement = { key: '', text: '' };

/** What to read out: the messages of others that came after those on the screen, not what scrolling back brings. */
export function useAnnouncement(messages: readonly Message[], user: string): Announcement {
  const [announcement, setAnnouncement] = useState(nothingYet);
  const newest = useRef<Message>(undefined);
  useEffect(() => {
    const before = newest.current;
    newest.current = messages.at(-1) ?? before;
    if (before === undefined) return;
    const added = messages.filter(
      (message) => message.user !== user && comparePositions(message, before) > 0,
    );
    const last = added.at(-1);
    if (last === undefined) return;
    const text = added.length === 1 ? `${last.user}: ${last.text}` : `${added.length} new messages`;
    setAnnouncement({ key: last.id, text });
  }, [messages, user]);
  return announcement;
}
