import { recorded, within } from '@sluice/telemetry';
import { origin, type ClusterLog, type LogEntry } from '../log/cluster-log.ts';
import type { HistoryEntry, RoomHistory } from '../room-log.ts';
import { decodeEnvelope } from './envelope.ts';
import { chunksOf } from './packet-codec.ts';
import { roomTopic } from './topic.ts';

const firstArguments = /^\d+(?:\/[^,]*,)?/;

/** A room's log read as its history: of what was published to it, that which carries its position. */
export function createRoomHistory(log: Pick<ClusterLog, 'readBefore'>, namespace: string): RoomHistory {
  return {
    async read(room, { before, limit }) {
      const topic = roomTopic(namespace, room);
      const found: HistoryEntry[] = [];
      let from = before;
      const held = recorded();
      // One more than asked for tells whether there are older ones. Other events of the room lie between.
      while (found.length <= limit && from !== origin) {
        const until = from;
        const page = await within(held, () => log.readBefore(topic, until, limit + 1));
        for (const entry of page) {
          const decoded = toHistoryEntry(entry);
          if (decoded !== undefined) found.push(decoded);
        }
        from = page.length <= limit ? origin : page.at(-1)?.position;
      }
      return { entries: found.slice(0, limit).toReversed(), more: found.length > limit };
    },
  };
}

function toHistoryEntry({ position, body }: LogEntry): HistoryEntry | undefined {
  const { header, packet } = decodeEnvelope(body);
  const [text] = chunksOf(packet);
  if (header.s === undefined || typeof text !== 'string') return undefined;
  const [event, data] = JSON.parse(text.replace(firstArguments, '')) as [string, HistoryEntry['data']];
  return { id: position, sentAt: Number(position.slice(0, position.indexOf('-'))), event, data };
}
