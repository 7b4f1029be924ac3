import type { Message } from '@sluice/protocol';
import { useEffect, useRef, useState } from 'react';
import { comparePositions } from '../timeline/message-order.ts';

/** What to read out: the messages of others that came after those on the screen, not what scrolling back brings. */
export function useAnnouncement(messages: readonly Message[], user: string): string {
  const [text, setText] = useState('');
  const newest = useRef<Message>(undefined);
  useEffect(() => {
    const before = newest.current;
    newest.current = messages.at(-1) ?? before;
    if (before === undefined) return;
    const added = messages.filter(
      (message) => message.user !== user && comparePositions(message, before) > 0,
    );
    const [first] = added;
    if (first === undefined) return;
    setText(added.length === 1 ? `${first.user}: ${first.text}` : `${added.length} new messages`);
  }, [messages, user]);
  return text;
}
