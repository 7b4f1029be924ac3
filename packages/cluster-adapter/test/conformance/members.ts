import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { eventually, openScope, type Scope } from '@sluice/testkit';
import type { Socket } from 'socket.io';
import {
  io as connectTo,
  type ManagerOptions,
  type Socket as ClientSocket,
  type SocketOptions,
} from 'socket.io-client';
import type { LanesAdapter } from '../../src/index.ts';
import { socketAt, startNodes, type Node, type NodesOptions, type Three } from './nodes.ts';
import { isThere } from '../is-there.ts';

/** A stock client with its memory. */
export interface Member {
  readonly socket: ClientSocket;
  /** Every event with its arguments, in order. */
  readonly heard: unknown[][];
  /** Its present socket at the server. */
  readonly atServer: Socket;
}

interface JoinOptions {
  readonly namespace?: string;
  readonly client?: Partial<ManagerOptions & SocketOptions>;
}

const signs = new WeakMap<Member, Set<string>>();
const signPrefix = 'sign-';

/** Connects a stock client to `node`. */
export async function join(scope: Scope, node: Node, options: JoinOptions = {}): Promise<Member> {
  const namespace = options.namespace ?? '/';
  const heard: unknown[][] = [];
  const socket = open(scope, node, namespace, options.client);
  const seen = new Set<string>();
  socket.onAny((event: string, ...args: unknown[]) => {
    if (event.startsWith(signPrefix)) seen.add(event);
    else heard.push([event, ...args]);
  });
  await eventually(() => isThere(socket), { describe: () => `a client connects to ${namespace}` });
  const member: Member = {
    socket,
    heard,
    get atServer() {
      return socketAt(node, socket.id, namespace);
    },
  };
  signs.set(member, seen);
  // Until its own room is heard, what is said to that may be overtaken: Socket.IO waits for no answer to that join.
  const adapter = node.io.of(namespace).adapter as unknown as Partial<Pick<LanesAdapter, 'heard'>>;
  await adapter.heard?.(member.atServer.id);
  return member;
}

/** Connects where it is not let in, and resolves to what it is told. */
export async function refused(scope: Scope, node: Node, namespace = '/'): Promise<string> {
  const socket = open(scope, node, namespace);
  return await new Promise((resolve) => {
    socket.on('connect_error', ({ message }) => resolve(message));
  });
}

function open(scope: Scope, node: Node, namespace: string, client: JoinOptions['client'] = {}): ClientSocket {
  const socket = connectTo(`${node.url}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...client,
  });
  scope.onClose(() => socket.disconnect());
  return socket;
}

export interface Company {
  readonly nodes: Three<Node>;
  /** One for each node. */
  readonly members: Three<Member>;
}

/** Three nodes with one client each. */
export async function startWithMembers(scope: Scope, options: NodesOptions & JoinOptions): Promise<Company> {
  return await withMembers(scope, await startNodes(scope, options), options);
}

/** Three nodes for all tests of a block, and new clients at each call, who go when `scope` closes. */
export function shareNodes(scope: Scope, options: () => NodesOptions & JoinOptions): () => Promise<Company> {
  const shared = openScope(afterAll);
  let nodes: Three<Node> | undefined;
  beforeAll(async () => {
    nodes = await startNodes(shared, options());
  });
  return async () => {
    const three = nodes as Three<Node>;
    // After they have gone, as what is registered first is closed last: the next test is not to meet them.
    scope.onClose(() => eventually(() => three.every(({ io }) => io.engine.clientsCount === 0)));
    return await withMembers(scope, three, options());
  };
}

async function withMembers(scope: Scope, nodes: Three<Node>, options: JoinOptions): Promise<Company> {
  const [one, two, three] = nodes;
  const members: Three<Member> = await Promise.all([
    join(scope, one, options),
    join(scope, two, options),
    join(scope, three, options),
  ]);
  return { nodes, members };
}

/**
 * Resolves once `members` have heard what `node` emits now to everybody, and with it all that it emitted before: what a
 * member has not heard by then was not meant for it.
 */
export async function settled(node: Node, members: readonly Member[], namespace = '/'): Promise<void> {
  const sign = `${signPrefix}${randomUUID()}`;
  node.io.of(namespace).emit(sign);
  await eventually(() => members.every((member) => signs.get(member)?.has(sign)), {
    describe: () => 'everybody hears the sign',
  });
}

/** Resolves once every node has done what `node` asked of sockets so far. */
export async function obeyed(node: Node, members: readonly Member[]): Promise<void> {
  const room = `${signPrefix}${randomUUID()}`;
  node.io.socketsJoin(room);
  await eventually(() => members.every((member) => member.atServer.rooms.has(room)), {
    describe: () => 'every socket joins the sign',
  });
}
