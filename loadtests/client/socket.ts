import { Acknowledgements, type Guard } from './acknowledgements.ts';
import type { ConnectionEnd } from './connection.ts';
import { Emission, type Callback, type EmissionFlags } from './emission.ts';
import { ClientError } from './errors.ts';
import type { Manager } from './manager.ts';
import type { Packet, Refusal } from './packet.ts';
import type { Platform } from './platform.ts';
import { Recovery } from './recovery.ts';

/** Why a socket is not connected any more, in socket.io-client's words. */
export type DisconnectReason = 'io server disconnect' | 'io client disconnect' | ConnectionEnd;

/** What `connect_error` is called with. */
export interface ConnectError {
  readonly message: string;
  /** What the server's middleware said, where it was that which refused. */
  readonly data?: unknown;
  /** Whether the server answered and refused. It is not tried again by itself then: see {@link Socket.active}. */
  readonly isRefusal: boolean;
}

type EventPacket = Extract<Packet, { kind: 'event' }>;

/**
 * One namespace of one connection, with the names and the behaviour of socket.io-client's Socket, except that
 *
 * - an error thrown by a listener or callback goes to `onFault`, and the client goes on;
 * - events that came before the server's CONNECT are forgotten where the connection ends before it: they will be sent again.
 */
export class Socket {
  /** The connection, which namespaces may share. */
  readonly io: Manager;
  readonly namespace: string;
  /** Sent with each CONNECT; may be replaced before a connection. */
  auth: object;

  readonly #guard: Guard;
  readonly #listeners = new Map<string, readonly Callback[]>();
  #anyListeners: readonly Callback[] = [];
  readonly #acknowledgements: Acknowledgements;
  readonly #recovery = new Recovery();
  #received: EventPacket[] = [];
  #unsent: EventPacket[] = [];
  #id: string | undefined;
  #recovered = false;

  constructor(io: Manager, platform: Platform, guard: Guard, namespace: string, auth: object) {
    this.io = io;
    this.namespace = namespace;
    this.auth = auth;
    this.#guard = guard;
    this.#acknowledgements = new Acknowledgements(platform, guard);
  }

  /** The session's public name; undefined where it is not connected. */
  get id(): string | undefined {
    return this.#id;
  }

  get connected(): boolean {
    return this.#id !== undefined;
  }

  /** Whether the latest connection goes on with the session of the one before. */
  get recovered(): boolean {
    return this.#recovered;
  }

  /** False where this socket will not connect (again) by itself. */
  get active(): boolean {
    return this.io.isActive(this);
  }

  /** Calls `listener` with the arguments of each `event`, among which `connect`, `disconnect` and `connect_error`. */
  on(event: string, listener: Callback): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  once(event: string, listener: Callback): this {
    const first = (...args: never[]): void => {
      this.off(event, first);
      listener(...args);
    };
    return this.on(event, first);
  }

  off(event: string, listener: Callback): this {
    this.#listeners.set(
      event,
      (this.#listeners.get(event) ?? []).filter((other) => other !== listener),
    );
    return this;
  }

  /** Calls `listener` with the name and the arguments of each event of the server. */
  onAny(listener: Callback): this {
    this.#anyListeners = [...this.#anyListeners, listener];
    return this;
  }

  /**
   * Sends an event, or keeps it until the socket is connected. A function at the end of `args` is called with the server's
   * acknowledgement; where the connection ends before, it never is (use {@link timeout}).
   */
  emit(event: string, ...args: readonly unknown[]): void {
    this.#send({}, [event, ...args]);
  }

  emitWithAck(event: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#emission({}).emitWithAck(event, ...args);
  }

  timeout(timeoutMs: number): Emission {
    return this.#emission({ timeoutMs });
  }

  get volatile(): Emission {
    return this.#emission({ volatile: true });
  }

  /** Connects, and connects again where the connection is lost. Does nothing where it is doing so. */
  connect(): this {
    this.io.activate(this);
    return this;
  }

  /** Says goodbye to the namespace, which ends the session; the connection ends with its last namespace. */
  disconnect(): this {
    const wasConnected = this.connected;
    if (wasConnected) this.io.send({ kind: 'disconnect', namespace: this.namespace });
    this.io.deactivate(this);
    if (wasConnected) this.#close('io client disconnect');
    return this;
  }

  close(): this {
    return this.disconnect();
  }

  /** For the manager: the connection is open. */
  opened(): void {
    this.io.send({
      kind: 'connect',
      namespace: this.namespace,
      data: this.#recovery.handshake(this.auth),
    });
  }

  /** For the manager: the connection has ended. */
  ended(reason: ConnectionEnd): void {
    this.#received = [];
    if (this.connected) this.#close(reason);
  }

  /** For the manager: the connection did not come about. */
  failed(message: string): void {
    this.#call('connect_error', [{ message, isRefusal: false } satisfies ConnectError]);
  }

  /** For the manager: a packet of this namespace. */
  receive(packet: Packet): void {
    switch (packet.kind) {
      case 'connect':
        this.#connected(packet.data as { sid?: string; pid?: string });
        return;
      case 'event':
        if (this.connected) this.#hear(packet);
        else this.#received.push(packet);
        return;
      case 'ack':
        this.#acknowledgements.settle(packet.id, packet.data);
        return;
      case 'disconnect':
        this.io.deactivate(this);
        this.#close('io server disconnect');
        return;
      case 'refusal':
        this.#refused(packet.data);
        return;
      default:
        packet satisfies never;
    }
  }

  #emission(flags: EmissionFlags): Emission {
    return new Emission((all, data) => this.#send(all, data), flags);
  }

  #send({ timeoutMs, volatile = false }: EmissionFlags, given: readonly unknown[]): void {
    if (volatile && !this.connected) return;
    const last = given[given.length - 1];
    const isAsked = typeof last === 'function';
    const id = isAsked
      ? this.#acknowledgements.expect(last as Callback, timeoutMs, (expired) => this.#forget(expired))
      : undefined;
    const packet: EventPacket = {
      kind: 'event',
      namespace: this.namespace,
      data: isAsked ? given.slice(0, -1) : given,
      ...(id === undefined ? {} : { id }),
    };
    if (this.connected) this.io.send(packet);
    else this.#unsent.push(packet);
  }

  /** An event that was never sent is not sent any more once its sender has been told that it failed. */
  #forget(id: number): void {
    this.#unsent = this.#unsent.filter((packet) => packet.id !== id);
  }

  #connected({ sid, pid }: { sid?: string; pid?: string }): void {
    if (sid === undefined) {
      this.failed(new ClientError('malformed_packet', 'Its CONNECT names no session.').message);
      return;
    }
    this.#id = sid;
    this.#recovered = this.#recovery.connected(pid);
    const received = this.#received;
    const unsent = this.#unsent;
    this.#received = [];
    this.#unsent = [];
    for (const packet of received) this.#hear(packet);
    for (const packet of unsent) this.io.send(packet);
    this.#call('connect', []);
  }

  #refused({ message, data }: Refusal): void {
    this.io.deactivate(this);
    this.#received = [];
    this.#call('connect_error', [{ message, data, isRefusal: true } satisfies ConnectError]);
  }

  #hear({ id, data }: EventPacket): void {
    const [event, ...args] = data;
    const heard = id === undefined ? args : [...args, this.#answer(id)];
    for (const listener of this.#anyListeners) this.#guard(listener, [event, ...heard]);
    this.#call(event as string, heard);
    this.#recovery.heard(data);
  }

  /** A function that sends its arguments as the acknowledgement `id`, the first time it is called. */
  #answer(id: number): (...answer: unknown[]) => void {
    let isSent = false;
    return (...answer) => {
      if (isSent) return;
      isSent = true;
      this.io.send({ kind: 'ack', namespace: this.namespace, id, data: answer });
    };
  }

  #close(reason: DisconnectReason): void {
    this.#id = undefined;
    this.#call('disconnect', [reason]);
    const unsent = new Set(this.#unsent.map((packet) => packet.id));
    this.#acknowledgements.abandon((id) => unsent.has(id));
  }

  #call(event: string, args: readonly unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) this.#guard(listener, args);
  }
}
