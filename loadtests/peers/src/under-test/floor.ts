import { once } from 'node:events';
import { createClient } from 'redis';
import { WebSocketServer, type WebSocket } from 'ws';

export interface FloorOptions {
  readonly port: number;
  readonly redisUrl: string;
}

interface Room {
  readonly members: Set<WebSocket>;
  readonly subscribed: Promise<void>;
}

const plus = '+'.charCodeAt(0);
const space = ' '.charCodeAt(0);
const asText = { binary: false };

/**
 * What any cluster of WebSocket servers over Redis has to do and nothing else: a Set of connections per room, a sharded
 * channel per room, one SPUBLISH per message, and the bytes as they came to each member. No log, no sessions, no heartbeats,
 * no acknowledgements. A client says `+room` to join, and is told `+` once the room is heard; every other frame begins with
 * its room's name and a space.
 */
export async function startFloor({ port, redisUrl }: FloorOptions): Promise<void> {
  // The driver's default timeout costs several times what a command does. The floor is to be as low as it can be.
  const publisher = createClient({ url: redisUrl, commandOptions: { timeout: 0 } });
  const subscriber = publisher.duplicate();
  for (const client of [publisher, subscriber]) client.on('error', fail);
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const rooms = new Map<string, Room>();

  const roomOf = (name: string): Room => {
    const known = rooms.get(name);
    if (known !== undefined) return known;
    const members = new Set<WebSocket>();
    const deliver = (frame: Buffer): void => {
      for (const member of members) member.send(frame, asText);
    };
    const room = { members, subscribed: subscriber.sSubscribe(name, deliver, true) };
    rooms.set(name, room);
    return room;
  };

  const join = (socket: WebSocket, name: string): void => {
    const { members, subscribed } = roomOf(name);
    members.add(socket);
    socket.once('close', () => {
      members.delete(socket);
      if (members.size > 0 || rooms.get(name)?.members !== members) return;
      rooms.delete(name);
      subscriber.sUnsubscribe(name).catch(fail);
    });
    subscribed.then(() => socket.send('+')).catch(fail);
  };

  const server = new WebSocketServer({ host: '127.0.0.1', port, clientTracking: false });
  server.on('connection', (socket) => {
    // What ends here is reported by the other end, which is the one that checks.
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      if (data[0] === plus) {
        join(socket, data.toString('latin1', 1));
        return;
      }
      publisher.sPublish(data.toString('latin1', 0, data.indexOf(space)), data).catch(fail);
    });
  });
  await once(server, 'listening');
}

function fail(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}
