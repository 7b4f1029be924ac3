import { eventually } from '@sluice/testkit';
import type { ServerOptions, Socket } from 'socket.io';
import type { Member } from './members.ts';
import { socketAt, type Node } from './nodes.ts';
import { isThere } from '../is-there.ts';

export const recovering: Partial<ServerOptions> = {
  connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
};

/** Cuts the connection as a lost network does, and waits until the server has noticed. */
export async function cut({ socket }: Member, node: Node): Promise<void> {
  const id = socket.id as string;
  socket.io.engine.close();
  await eventually(() => !node.io.of('/').sockets.has(id));
  await node.sessionsKept();
}

/** Connects to `node`, as a load balancer might have it. */
export async function comeBack({ socket }: Member, node: Node): Promise<Socket> {
  (socket.io as unknown as { uri: string }).uri = node.url;
  socket.connect();
  await eventually(() => isThere(socket), { describe: () => 'the client is connected again' });
  return socketAt(node, socket.id);
}

/** What was heard without the offsets: events and their first argument. */
export const heardOf = ({ heard }: Member): unknown[][] => heard.map((args) => args.slice(0, 2));
