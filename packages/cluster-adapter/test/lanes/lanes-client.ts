import { randomUUID } from 'node:crypto';
import { eventually, type Scope } from '@sluice/testkit';
import type { Server, Socket } from 'socket.io';
import {
  io as connectTo,
  type ManagerOptions,
  type Socket as ClientSocket,
  type SocketOptions,
} from 'socket.io-client';
import { isThere } from '../is-there.ts';

interface Place {
  readonly url: string;
}

export interface LanesTestClient {
  readonly socket: ClientSocket;
  /** What it remembers of its session and sends when it comes back. */
  pid: unknown;
  offset: unknown;
  /** Every event with its arguments, the offset included, in order. */
  readonly heard: unknown[][];
  /** Every event's first argument. */
  firsts(event?: string): unknown[];
  /** Its socket at a node; throws where there is none. */
  at(node: { readonly io: Server }): Socket;
  /** Resolves once its socket at `node` has joined. */
  join(node: { readonly io: Server }, rooms: string | string[]): Promise<void>;
  /** As a lost network does. Resolves once `node` has noticed. */
  cut(node: { readonly io: Server }): Promise<void>;
  /** Connects to `place` as a load balancer might send it there. */
  comeBack(place: Place): Promise<void>;
  /** The same, without waiting for it. */
  head(place: Place): void;
}

export interface LanesClientOptions {
  readonly namespace?: string;
  readonly auth?: Record<string, unknown>;
  readonly client?: Partial<ManagerOptions & SocketOptions>;
}

const sign = 'sign';

/** A stock client, connected over a WebSocket. */
export async function connectLanesClient(
  scope: Scope,
  place: Place,
  options: LanesClientOptions = {},
): Promise<LanesTestClient> {
  const client = openLanesClient(scope, place, options);
  await eventually(() => isThere(client.socket), { describe: () => 'a client is connected' });
  return client;
}

/** The same, without waiting for its connection. */
export function openLanesClient(
  scope: Scope,
  place: Place,
  { namespace = '/', auth = {}, client = {} }: LanesClientOptions = {},
): LanesTestClient {
  const heard: unknown[][] = [];
  const socket = connectTo(place.url + namespace, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth,
    ...client,
  });
  scope.onClose(() => socket.disconnect());
  socket.onAny((...args: unknown[]) => heard.push(args));
  let refusal = 'nobody refused it';
  socket.on('connect_error', (error) => {
    refusal = String(error);
  });
  socket.io.on('close', (reason) => {
    refusal = reason;
  });
  const memory = socket as unknown as Record<'_pid' | '_lastOffset', unknown>;
  const head = (to: Place): void => {
    (socket.io as unknown as { uri: string }).uri = to.url;
    socket.connect();
  };
  const at: LanesTestClient['at'] = ({ io }) => {
    const found = io.of(namespace).sockets.get(socket.id as string);
    if (found === undefined) throw new Error(`no socket ${socket.id} in ${namespace}`);
    return found;
  };
  return {
    socket,
    get pid() {
      return memory['_pid'];
    },
    set pid(pid) {
      memory['_pid'] = pid;
    },
    get offset() {
      return memory['_lastOffset'];
    },
    set offset(offset) {
      memory['_lastOffset'] = offset;
    },
    heard,
    firsts: (event) =>
      heard
        .filter(([name]) => (event === undefined ? name !== sign : name === event))
        .map(([, first]) => first),
    at,
    async join(node, rooms) {
      await at(node).join(rooms);
    },
    async cut({ io }) {
      const id = socket.id as string;
      // Asked for now: a namespace that goes with its last socket would come back by being asked for.
      const { sockets } = io.of(namespace);
      socket.io.engine.close();
      await eventually(() => !sockets.has(id), { describe: () => 'the cut is noticed' });
    },
    async comeBack(to) {
      head(to);
      await eventually(() => isThere(socket), {
        describe: () => `the client is connected again; ${refusal}`,
      });
    },
    head,
  };
}

/**
 * Resolves once `clients` have heard what `node` emits now to everybody, and with it all that it emitted before: what one
 * has not heard by then was not meant for it.
 */
export async function settled(
  { io }: { readonly io: Server },
  clients: readonly LanesTestClient[],
  namespace = '/',
): Promise<void> {
  const id = randomUUID();
  io.of(namespace).emit(sign, id);
  await eventually(
    () => clients.every(({ heard }) => heard.some(([event, which]) => event === sign && which === id)),
    {
      describe: () => 'everybody hears the sign',
    },
  );
}
