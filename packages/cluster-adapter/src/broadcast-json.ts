import type { Publication } from './publication.ts';

/**
 * The official adapters' broadcast of a publication, cut where the server writes id and time. The shape is
 * `ClusterMessage["data"]` of socket.io-adapter 2.5 (cluster-adapter.ts), which the official emitters write as well:
 * `{packet: {type: 2, data: [event, argument], nsp}, opts: {rooms, except, flags}}`. They take no notice of one more field:
 * the `traceparent` of its sending, where that is recorded.
 */
export function broadcastJson(
  publication: Pick<Publication, 'room' | 'event' | 'data'>,
  traceparent?: string,
): { head: string; tail: string } {
  const data = JSON.stringify(publication.data);
  const rest = data === '{}' ? '}' : `,${data.slice(1)}`;
  const trace = traceparent === undefined ? '' : `,"traceparent":"${traceparent}"`;
  const rooms = JSON.stringify([publication.room]);
  return {
    head: `{"packet":{"type":2,"data":[${JSON.stringify(publication.event)},{`,
    tail: `${rest}],"nsp":"/"},"opts":{"rooms":${rooms},"except":[],"flags":{}}${trace}}`,
  };
}
