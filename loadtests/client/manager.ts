import type { Guard } from './acknowledgements.ts';
import { reconnectionDelayMs, type ReconnectionOptions } from './backoff.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import { encodePacket, PacketDecoder, type Frame, type Packet } from './packet.ts';
import type { Platform } from './platform.ts';
import { Socket } from './socket.ts';

export interface ManagerOptions {
  /** Where Socket.IO is served. Default `/socket.io/`. */
  readonly path?: string;
  /** Default: reconnects as socket.io-client does; false where a lost connection stays lost. */
  readonly reconnection?: ReconnectionOptions | false;
  /** How long the WebSocket and Engine.IO's handshake may take, in milliseconds. Default 20,000. */
  readonly openWithinMs?: number;
  /** Gets what a listener or a callback of the application threw, and what came and could not be read. */
  readonly onFault: (error: unknown) => void;
}

/**
 * A connection to one address, shared by its namespaces, that is opened again where it is lost. WebSocket alone: there is no
 * polling, and so no upgrade.
 */
export class Manager {
  readonly #platform: Platform;
  readonly #url: string;
  readonly #options: ManagerOptions;
  readonly #guard: Guard;
  readonly #sockets = new Map<string, Socket>();
  readonly #active = new Set<Socket>();
  #connection: Connection | undefined;
  #decoder = new PacketDecoder();
  #attempts = 0;
  #cancelReconnection: (() => void) | undefined;

  /** @param origin `http://…` or `https://…`, without a path */
  constructor(platform: Platform, origin: string, options: ManagerOptions) {
    this.#platform = platform;
    this.#options = options;
    const { path = '/socket.io/' } = options;
    this.#url = `${origin.replace(/^http/, 'ws')}${path}?EIO=4&transport=websocket`;
    this.#guard = (callback, args) => {
      try {
        callback(...(args as never[]));
      } catch (error) {
        options.onFault(error);
      }
    };
  }

  /** The socket of a namespace, one for each; connects only when told so. */
  socket(namespace: string, auth: object = {}): Socket {
    const existing = this.#sockets.get(namespace);
    if (existing !== undefined) return existing;
    const socket = new Socket(this, this.#platform, this.#guard, namespace, auth);
    this.#sockets.set(namespace, socket);
    return socket;
  }

  /**
   * Loses the connection as a failing network does: the WebSocket ends, and nobody has said goodbye to the server, for whom
   * the session can be recovered. Sockets hear `transport close`, and come back where reconnection is on.
   */
  cut(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const wasOpen = connection.isOpen;
    connection.close();
    if (wasOpen) this.#ended('transport close');
    else this.#failed('cut off while it was opened');
  }

  /** For sockets: whether `socket` is connected, or will be. */
  isActive(socket: Socket): boolean {
    return this.#active.has(socket);
  }

  /** For sockets. */
  activate(socket: Socket): void {
    if (this.#active.has(socket)) return;
    this.#active.add(socket);
    if (this.#connection?.isOpen === true) socket.opened();
    else this.#open();
  }

  /** For sockets. */
  deactivate(socket: Socket): void {
    this.#active.delete(socket);
    if (this.#active.size > 0) return;
    this.#cancelReconnection?.();
    this.#cancelReconnection = undefined;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** For sockets. Lost where the connection is not open. */
  send(packet: Packet): void {
    for (const frame of encodePacket(packet)) this.#connection?.send(frame);
  }

  #open(): void {
    // There is one, or there will be.
    if (this.#connection !== undefined || this.#cancelReconnection !== undefined) return;
    this.#decoder = new PacketDecoder();
    this.#connection = new Connection(this.#platform, this.#url, this.#options.openWithinMs ?? 20_000, {
      opened: () => this.#opened(),
      received: (frame) => this.#receive(frame),
      ended: (reason) => this.#ended(reason),
      failed: (why) => this.#failed(why),
    });
  }

  #opened(): void {
    this.#attempts = 0;
    for (const socket of this.#active) socket.opened();
  }

  #receive(frame: Frame): void {
    let packet: Packet | undefined;
    try {
      packet = this.#decoder.add(frame);
    } catch (error) {
      this.#options.onFault(error);
      this.#connection?.close();
      this.#ended('parse error');
      return;
    }
    const socket = packet === undefined ? undefined : this.#sockets.get(packet.namespace);
    if (packet !== undefined && socket?.active === true) socket.receive(packet);
  }

  #ended(reason: ConnectionEnd): void {
    for (const socket of this.#lost()) socket.ended(reason);
    this.#reconnect();
  }

  #failed(why: string): void {
    for (const socket of this.#lost()) socket.failed(why);
    this.#reconnect();
  }

  /** The connection is gone; returns whose it was. */
  #lost(): readonly Socket[] {
    const sockets = [...this.#active];
    this.#connection = undefined;
    if (this.#options.reconnection === false) this.#active.clear();
    return sockets;
  }

  #reconnect(): void {
    const { reconnection = {} } = this.#options;
    if (reconnection === false) return;
    // A listener may have disconnected, or connected, by now.
    if (this.#active.size === 0 || this.#connection !== undefined) return;
    const delayMs = reconnectionDelayMs(this.#attempts, reconnection, this.#platform.random());
    this.#attempts += 1;
    this.#cancelReconnection = this.#platform.schedule(delayMs, () => {
      this.#cancelReconnection = undefined;
      this.#open();
    });
  }
}
