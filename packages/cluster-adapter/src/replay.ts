import type { Socket } from 'socket.io';
import type { Adapter, Session } from 'socket.io-adapter';

// A symbol, so that it stays with the socket's data in this process and in no encoding of it.
const missed = Symbol('missed packets');
// As Socket.IO makes them (base64id). A pid comes from the client and becomes part of a key.
const sessionId = /^[\w-]{1,64}$/;
type Held = Record<symbol, unknown[][] | undefined>;

/**
 * Keeps an adapter from writing missed packets before any middleware has spoken (Socket.IO writes them in the socket's
 * constructor): they are held on the session until {@link replayMissed}. Events named in `ephemeral` are not replayed.
 */
export function holdMissedPackets(adapter: Adapter, ephemeral: ReadonlySet<string>): void {
  const restore = adapter.restoreSession.bind(adapter);
  adapter.restoreSession = async (pid, offset) => {
    if (!sessionId.test(pid)) return null as unknown as Session;
    // Missing where nothing can be restored, whatever the declared type says.
    const session = (await restore(pid, offset)) as Session | null;
    if (session === null) return null as unknown as Session;
    const data: object = session.data ?? {};
    (data as Held)[missed] = session.missedPackets.filter(([event]) => !ephemeral.has(event as string));
    return { ...session, data, missedPackets: [] };
  };
}

/** Writes what was held for `socket`, once. The packets carry their offsets already. */
export function replayMissed(socket: Socket): void {
  const data = socket.data as Held;
  const packets = data[missed] ?? [];
  delete data[missed];
  // `local`: for this socket, which is here; nobody else may store or hear them again.
  for (const [event, ...args] of packets) socket.nsp.local.to(socket.id).emit(event as string, ...args);
}
