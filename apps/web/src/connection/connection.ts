import { backoffMs, type Clock } from '@sluice/kernel';
import type {
  ClientToServerEvents,
  ConnectRefusal,
  ServerToClientEvents,
  SessionReady,
  TypingSet,
} from '@sluice/protocol';
import { io, type Socket } from 'socket.io-client';
import { ValueStore } from '../state/value-store.ts';
import { refusalOf, type ConnectionStatus } from './connection-status.ts';
import type { Answer, Requests, Wire, WireListener } from './wire.ts';

/** Who the page is, for the gateway's eyes. */
export interface Credentials {
  readonly token: () => string;
  /** Gets a new token in place of one that was refused: `ended` where there is none to be had. */
  readonly renew: () => Promise<'renewed' | 'unreachable' | 'ended'>;
}

export interface ConnectionDependencies {
  /** The origin of the gateways. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Whether the gateway is to say which messages it traces. Connecting waits for it, and it must not reject. */
  readonly traced: () => Promise<boolean>;
}

/** Longer than a gateway's own deadline (5 s by default), so that its answer usually comes first. */
const answerTimeoutMs = 10_000;
const connectTimeoutMs = 5_000;
const retryDelays = { baseMs: 200, capMs: 2_000 };

/**
 * Keeps one Socket.IO connection to whichever gateway answers, from `start` to `stop`, renewing the token where the
 * gateway asks for it. It gives up only where the gateway refuses with an error that is not retryable.
 */
export class Connection implements Wire {
  readonly status = new ValueStore<ConnectionStatus>({ kind: 'connecting', attempt: 0 });
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #traced: () => Promise<boolean>;
  /** From `start` to `stop`. */
  #listener: WireListener | undefined;
  #session: SessionReady | undefined;
  #lostNodeId: string | undefined;
  #attempt = 0;
  #networkUp = true;
  #renewedOnce = false;
  #cancelRetry = (): void => undefined;

  constructor({ url, credentials, clock, traced }: ConnectionDependencies) {
    this.#credentials = credentials;
    this.#clock = clock;
    this.#traced = traced;
    this.#socket = io(url, {
      autoConnect: false,
      forceNew: true,
      // Without tryAllTransports a network that blocks WebSocket would never get to try polling.
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      timeout: connectTimeoutMs,
      reconnectionDelay: retryDelays.baseMs,
      reconnectionDelayMax: retryDelays.capMs,
      randomizationFactor: 0.5,
      auth: (give) => void this.#introduce(give),
    });
  }

  start(listener: WireListener): void {
    const socket = this.#socket;
    this.#listener = listener;
    socket.on('session:ready', (session) => {
      const again = this.#lostNodeId !== undefined;
      const { nodeId, recovered } = session;
      this.#session = session;
      this.#lostNodeId = nodeId;
      this.#attempt = 0;
      this.#renewedOnce = false;
      this.status.set({ kind: 'connected', nodeId, recovered, again });
      listener.sessionReady(session);
    });
    socket.on('message:new', (message) => listener.messageHeard(message));
    socket.on('typing:changed', (change) => listener.typingChanged(change));
    socket.on('disconnect', () => {
      const hadSession = this.#session !== undefined;
      this.#session = undefined;
      this.#showAway();
      if (hadSession) listener.sessionLost();
      // Sent away by the gateway: Socket.IO takes that as final.
      if (!socket.active) this.#retryLater();
    });
    socket.on('connect_error', (error) => {
      const refusal = refusalOf(error);
      if (refusal !== undefined) this.#refused(refusal);
      else if (!socket.active) this.#retryLater();
    });
    socket.io.on('reconnect_attempt', (attempt) => {
      this.#attempt = attempt;
      this.#showAway();
    });
    socket.connect();
  }

  /** For good. Requests under way are answered `connection_lost`, and so is every later one, at once. */
  stop(): void {
    const listener = this.#listener;
    const hadSession = this.#session !== undefined;
    this.#listener = undefined;
    this.#session = undefined;
    this.#cancelRetry();
    this.#socket.off();
    this.#socket.io.off('reconnect_attempt');
    this.#socket.disconnect();
    if (hadSession) listener?.sessionLost();
  }

  /** Tries again at once, after a refusal too. */
  retryNow(): void {
    if (this.#session !== undefined || this.#listener === undefined) return;
    this.#cancelRetry();
    this.#renewedOnce = false;
    this.#socket.disconnect();
    this.#attempt = 0;
    this.#showAway();
    this.#socket.connect();
  }

  /** Tells whether the browser has a network at all. */
  setNetwork(up: boolean): void {
    this.#networkUp = up;
    // Otherwise a connection without a network is noticed only when its pings stay away for most of a minute.
    if (this.#session !== undefined && !up) this.#socket.io.engine.close();
    else if (this.#session === undefined && this.status.get().kind !== 'refused') this.#showAway();
  }

  async request<Event extends keyof Requests>(
    event: Event,
    payload: Requests[Event]['payload'],
  ): Promise<Answer<Requests[Event]['fields']>> {
    if (this.#session === undefined) return connectionLost;
    // The typed emit cannot follow a generic event name; Requests restates the same contract.
    const socket = this.#socket as unknown as Socket;
    try {
      return (await socket.timeout(answerTimeoutMs).emitWithAck(event, payload)) as Answer<
        Requests[Event]['fields']
      >;
    } catch {
      // Socket.IO rejects for two reasons alone, and its errors tell them apart only by their messages.
      return socket.connected ? noAnswer : connectionLost;
    }
  }

  setTyping(payload: TypingSet): void {
    if (this.#session !== undefined) this.#socket.emit('typing:set', payload);
  }

  async #introduce(give: (auth: object) => void): Promise<void> {
    const { engine } = this.#socket.io;
    const traced = await this.#traced();
    // Another one was begun meanwhile and introduces itself; introduced twice, it would be two to the gateway.
    if (this.#socket.io.engine !== engine) return;
    give({ token: this.#credentials.token(), ...(traced ? { trace: 'on' } : {}) });
  }

  #refused({ code, retryable }: ConnectRefusal): void {
    // A cluster started anew may have a new secret: one fresh token is worth a try on `unauthorized` too.
    const renewable = code === 'token_expired' || (code === 'unauthorized' && !this.#renewedOnce);
    if (renewable) void this.#renew();
    else if (retryable) this.#retryLater();
    else this.status.set({ kind: 'refused', code });
  }

  async #renew(): Promise<void> {
    const outcome = await this.#credentials.renew();
    if (outcome === 'ended' || this.#listener === undefined) return;
    this.#renewedOnce = outcome === 'renewed';
    this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry();
    const delayMs = backoffMs(this.#attempt, retryDelays);
    this.#attempt += 1;
    this.#showAway();
    this.#cancelRetry = this.#clock.schedule(delayMs, () => this.#socket.connect());
  }

  #showAway(): void {
    const attempt = this.#attempt;
    if (!this.#networkUp) this.status.set({ kind: 'offline' });
    else if (this.#lostNodeId === undefined) this.status.set({ kind: 'connecting', attempt });
    else this.status.set({ kind: 'reconnecting', attempt, lostNodeId: this.#lostNodeId });
  }
}

const connectionLost = {
  ok: false,
  error: { code: 'connection_lost', message: 'The connection was lost.', retryable: true },
} as const;

const noAnswer = {
  ok: false,
  error: { code: 'no_answer', message: 'The gateway did not answer in time.', retryable: true },
} as const;
