import type { Publication } from './publication.ts';

/**
 * The official adapters' broadcast of a publication, cut where the server writes id and time. The shape is
 * `ClusterMessage["data"]` of socket.io-adapter 2.5 (cluster-adapter.ts), which the official emitters write as well:
 * `{packet: {type: 2, data: [event, argument], nsp}, opts: {rooms, except, flags}}`.
 */
export function broadcastJson(publication: Pick<Publication, 'room' | 'event' | 'data'>): {
  head: string;
  tail: string;
} {
  const data = JSON.stringify(publication.data);
  const rest = data === '{}' ? '}' : `,${data.slice(1)}`;
  const rooms = JSON.stringify([publication.room]);
  return {
    head: `{"packet":{"type":2,"data":[${JSON.stringify(publication.event)},{`,
    tail: `${rest}],"nsp":"/"},"opts":{"rooms":${rooms},"except":[],"flags":{}}}`,
  };
}
