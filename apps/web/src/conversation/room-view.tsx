import { useMemo } from 'react';
import type { RoomState } from '../chat/chat-state.ts';
import type { Chat } from '../chat/chat.ts';
import { useStore } from '../state/use-store.ts';
import { TypingLine } from '../typing/typing-line.tsx';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';

interface RoomViewProps {
  readonly chat: Chat;
  readonly room: RoomState;
  readonly user: string;
  /** What was written and not sent, by room. */
  readonly drafts: Map<string, string>;
  readonly eager: boolean;
}

const nobody: readonly string[] = [];

export function RoomView({ chat, room, user, drafts, eager }: RoomViewProps) {
  const { name } = room;
  const entries = useStore(chat.outbox.entries, (value) => value);
  const outbox = useMemo(() => entries.filter((entry) => entry.room === name), [entries, name]);
  const typists = useStore(chat.typists, (rooms) => rooms.get(name) ?? nobody);
  return (
    <>
      <MessageList chat={chat} room={room} user={user} outbox={outbox} />
      <TypingLine typists={typists} />
      <Composer
        room={name}
        draft={drafts.get(name) ?? ''}
        eager={eager}
        wrote={(text) => {
          drafts.set(name, text);
          chat.wrote(name, text);
        }}
        send={(text) => chat.send(name, text)}
      />
    </>
  );
}
