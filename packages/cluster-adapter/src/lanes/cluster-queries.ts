import type { Namespace, Socket } from 'socket.io';
import type { BroadcastOptions } from 'socket.io-adapter';
import { PacketType, type Packet } from 'socket.io-parser';
import type { Position } from '../log/cluster-log.ts';
import type { LanesNode } from './lanes-node.ts';
import type { Answer, NodeCommand, NodeRequest } from './node-channel.ts';
import type { RoomSockets } from './room-sockets.ts';
import { emitServerSide } from './socket-io-internals.ts';

/** What an adapter does with the sockets of its own node. */
export interface HereAdapter {
  join(opts: BroadcastOptions, rooms: string[], after: Position): void;
  leave(opts: BroadcastOptions, rooms: string[]): void;
  disconnect(opts: BroadcastOptions, close: boolean): void;
  fetch(opts: BroadcastOptions): Promise<Socket[]>;
}

/** As the official adapters have it. */
const requestTimeoutMs = 5_000;

/** What a namespace does with the sockets of all nodes, and what it answers when another node asks. */
export class ClusterQueries {
  readonly #nsp: Namespace;
  readonly #node: LanesNode;
  readonly #sockets: RoomSockets;
  readonly #here: HereAdapter;
  readonly #unsettled = new Set<Answer>();

  constructor(nsp: Namespace, node: LanesNode, sockets: RoomSockets, here: HereAdapter) {
    this.#nsp = nsp;
    this.#node = node;
    this.#sockets = sockets;
    this.#here = here;
  }

  /** Carried out by every node, this one included, at one place in the order of the log. */
  command(op: NodeCommand['op'], opts: BroadcastOptions, rest: Pick<NodeCommand, 'rooms' | 'close'>): void {
    const command: NodeCommand = { namespace: this.#nsp.name, op, filter: filterOf(opts), ...rest };
    this.#node.channel.command(command).catch((cause: unknown) => this.#fault(op, cause));
  }

  async fetchSockets(opts: BroadcastOptions): Promise<unknown[]> {
    const here: unknown[] = await this.#here.fetch(opts);
    if (opts.flags?.local === true) return here;
    const missing = await this.#node.channel.ask(
      { namespace: this.#nsp.name, op: 'fetchSockets', filter: filterOf(opts) },
      await this.#node.others(),
      opts.flags?.timeout ?? requestTimeoutMs,
      { onAnswer: (sockets) => here.push(...(sockets as unknown[])) },
    );
    // What is there is a better answer than none.
    if (missing.length > 0) this.#unanswered('fetchSockets', missing);
    return here;
  }

  async serverSideEmit(packet: readonly unknown[]): Promise<void> {
    const ack = packet.at(-1);
    const { channel } = this.#node;
    const namespace = this.#nsp.name;
    if (typeof ack !== 'function') {
      await channel.command({ namespace, op: 'serverSideEmit', args: packet });
      return;
    }
    const others = await this.#node.others();
    const responses: unknown[] = [];
    const request: NodeRequest = { namespace, op: 'serverSideEmit', args: packet.slice(0, -1) };
    const missing = await channel.ask(request, others, requestTimeoutMs, {
      onAnswer: (value) => responses.push(value),
    });
    if (missing.length === 0) {
      ack(null, responses);
      return;
    }
    this.#unanswered('serverSideEmit', missing);
    const text = `timeout reached: only ${responses.length} responses received out of ${others.length}`;
    ack(new Error(text), responses);
  }

  /** Socket.IO waits for a count of every node, of a broadcast to one node's sockets too. */
  countNobody(onCount: (count: number) => void): void {
    this.#node.others().then(
      (others) => others.forEach(() => onCount(0)),
      (cause: unknown) => this.#fault('broadcast', cause),
    );
  }

  /** Asks the sockets of the other nodes. Each node counts once, a node that goes away too. */
  broadcastWithAck(
    packet: Packet,
    opts: BroadcastOptions,
    onCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
  ): void {
    const { compress, volatile, timeout = requestTimeoutMs } = opts.flags ?? {};
    const request: NodeRequest = {
      namespace: this.#nsp.name,
      op: 'broadcast',
      filter: filterOf(opts),
      flags: { ...(compress !== undefined && { compress }), ...(volatile !== undefined && { volatile }) },
      args: [...(packet.data as unknown[])],
    };
    const counted = new Set<string>();
    this.#node
      .others()
      .then((others) =>
        this.#node.channel.ask(request, others, timeout, {
          onAnswer(value, from) {
            const { count, args } = value as { count?: number; args?: unknown[] };
            if (count !== undefined) {
              counted.add(from);
              onCount(count);
            }
            if (args !== undefined) ack(...args);
          },
          onSettled(member) {
            if (!counted.has(member)) onCount(0);
          },
          // The sockets answer when they like.
          staysOpen: true,
        }),
      )
      .catch((cause: unknown) => this.#fault('broadcast', cause));
  }

  onCommand(
    { op, filter, rooms = [], close = false, args = [] }: NodeCommand,
    from: string,
    position: Position,
  ): void {
    const opts = optionsOf(filter);
    switch (op) {
      case 'join':
        this.#here.join(opts, [...rooms], position);
        break;
      case 'leave':
        this.#here.leave(opts, [...rooms]);
        break;
      case 'disconnect':
        this.#here.disconnect(opts, close);
        break;
      case 'serverSideEmit':
        if (from !== this.#node.options.uid) emitServerSide(this.#nsp, args);
    }
  }

  /** Nobody is to wait any more for what has been asked here. */
  close(): void {
    for (const respond of this.#unsettled) respond(undefined, 'absent');
    this.#unsettled.clear();
  }

  onRequest({ op, filter, flags, args = [] }: NodeRequest, respond: Answer): void {
    this.#unsettled.add(respond);
    const answer: Answer = (value, state) => {
      if (state !== 'more') this.#unsettled.delete(respond);
      respond(value, state);
    };
    const opts: BroadcastOptions = { ...optionsOf(filter), flags: { ...flags } };
    switch (op) {
      case 'fetchSockets':
        this.#here.fetch(opts).then(
          (sockets) => answer(sockets.map(describe), 'settled'),
          (cause: unknown) => this.#fault(op, cause),
        );
        break;
      case 'serverSideEmit': {
        let answered = false;
        const once = (value: unknown): void => {
          if (!answered) answer(value, 'settled');
          answered = true;
        };
        emitServerSide(this.#nsp, [...args, once]);
        break;
      }
      case 'broadcast': {
        const packet = { type: PacketType.EVENT, nsp: this.#nsp.name, data: [...args] };
        const count = this.#sockets.emitWithAck(packet, opts, (...given) => answer({ args: given }, 'more'));
        answer({ count }, 'settled');
      }
    }
  }

  #unanswered(operation: string, missing: readonly string[]): void {
    this.#fault(operation, new Error(`no answer from ${missing.join(', ')}`));
  }

  #fault(operation: string, cause: unknown): void {
    this.#node.options.onFault({ operation, cause });
  }
}

function filterOf(opts: BroadcastOptions): { rooms: string[]; except: string[] } {
  return { rooms: [...opts.rooms], except: [...(opts.except ?? [])] };
}

function optionsOf(filter: NodeCommand['filter']): BroadcastOptions {
  return { rooms: new Set(filter?.rooms), except: new Set(filter?.except) };
}

/** As the official adapters describe a socket to other nodes. */
function describe({ id, handshake, rooms, data }: Socket): object {
  const { sessionStore: _circular, ...plain } = handshake as unknown as Record<string, unknown>;
  return { id, handshake: plain, rooms: [...rooms], data };
}
