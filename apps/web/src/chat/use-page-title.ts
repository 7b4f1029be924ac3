import { useEffect } from 'react';
import { unreadIn, type ChatState } from './chat-state.ts';

/** Shows unread messages in the tab's title, and the open room in its address, which thereby can be sent to others. */
export function usePageTitle({ rooms, openRoom, user }: ChatState): void {
  const unread = rooms.reduce((sum, room) => sum + unreadIn(room, user).count, 0);
  useEffect(() => {
    const place = openRoom === undefined ? 'Sluice' : `${openRoom} · Sluice`;
    document.title = unread === 0 ? place : `(${unread}) ${place}`;
    return () => {
      document.title = 'Sluice';
    };
  }, [unread, openRoom]);
  useEffect(() => {
    const query = openRoom === undefined ? '' : `?${new URLSearchParams({ room: openRoom }).toString()}`;
    history.replaceState(null, '', `${location.pathname}${query}`);
  }, [openRoom]);
}
