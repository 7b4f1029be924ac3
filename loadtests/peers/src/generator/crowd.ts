import { setTimeout as pause } from 'node:timers/promises';
import { backoffMs } from '@sluice/kernel';
import { peersError } from '../errors.ts';
import { inParallel, localAddressOf } from './connect-clients.ts';
import { startPacer, type Pacer } from './pacer.ts';
import type { PlannedClient } from './plan.ts';
import { ReturnLog } from './return-log.ts';
import { ReturningClient } from './returning-client.ts';
import { RoomTraffic } from './room-traffic.ts';
import type { DialectName } from './dialect/dialect.ts';

export interface CrowdOptions {
  readonly dialect: DialectName;
  /** Of the nodes. */
  readonly ports: readonly number[];
  /** Each is in one room. */
  readonly clients: readonly PlannedClient[];
  /** Where a client goes that has lost its connection: where a load balancer might send it, or back to its node. */
  readonly returnTo: 'next node' | 'same node';
}

const pollMs = 20;
/** A node that has delivered nothing after so long is not going to. */
const firstDeliveryMs = 30_000;
/** What has not come after so long a silence will not come any more: nobody is behind by then. */
const silenceMs = 5_000;
/** Of socket.io-client: the first attempt after about a second, later ones after five at most. */
const backoff = { baseMs: 1_500, capMs: 5_000 };
const returnMs = 60_000;

/** Clients in rooms, of whom some lose their connections now and then, and come back. */
export class Crowd {
  readonly traffic: RoomTraffic;
  readonly returns = new ReturnLog();
  /** Connections that ended by themselves. */
  readonly failures: Error[] = [];
  readonly #options: CrowdOptions;
  readonly #clients: readonly ReturningClient[];
  /** By client: the node that it is on, or was last. */
  readonly #nodeOf: number[];
  readonly #silentNodes: Set<number>;
  readonly #deadNodes = new Set<number>();
  /** Who has lost the connection and is not back. */
  readonly #away = new Set<number>();
  #lastHeardMs = performance.now();

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.traffic = new RoomTraffic(options.clients);
    this.#nodeOf = options.clients.map(({ node }) => node);
    this.#silentNodes = new Set(this.#nodeOf);
    this.#clients = options.clients.map(
      ({ identity, rooms: [room = ''] }, index) =>
        new ReturningClient({
          dialect: options.dialect,
          identity,
          room,
          localAddress: localAddressOf(index),
          onDelivery: (number) => this.#hear(index, number),
          onLoss: (error) => this.#lose(index, error),
        }),
    );
  }

  /** How many are away. */
  get away(): number {
    return this.#away.size;
  }

  /** Connects everybody; rejects with the first failure. */
  async connect(): Promise<void> {
    await inParallel(this.#clients.length, async (index) => {
      await this.#clients[index]?.connect(this.#portOf(index));
    });
  }

  /** Lets the senders speak in turn, but for those who are away. */
  speak(senders: readonly number[], ratePerS: number): Pacer {
    let turn = 0;
    return startPacer(ratePerS, (_, nowMs) => {
      for (const last = turn + senders.length; turn < last;) {
        const sender = senders[turn++ % senders.length] as number;
        if (this.say(sender, nowMs)) return;
      }
    });
  }

  /** Lets a client say something in its room; false where it is away. */
  say(client: number, nowMs: number): boolean {
    const speaker = this.#clients[client];
    if (speaker?.isThere !== true) return false;
    speaker.say(this.traffic.send(client, nowMs).number);
    return true;
  }

  /** Resolves once every node with clients has delivered, or is not going to. */
  async delivered(): Promise<void> {
    const givenUpMs = performance.now() + firstDeliveryMs;
    while (this.#silentNodes.size > 0 && performance.now() < givenUpMs) await pause(pollMs);
  }

  /** Lets clients lose their connections, all at once. They stay away until they are told to come back. */
  reset(clients: readonly number[]): void {
    for (const client of clients) {
      this.#away.add(client);
      this.#clients[client]?.reset();
    }
  }

  /** Lets clients that have just lost their connections come back by themselves, each after a pause. */
  comeBack(clients: readonly number[]): void {
    const lostMs = performance.now();
    for (const client of clients) this.#comeBack(client, lostMs);
  }

  /** Lets one client come back now; rejects with `not_connected` where it is refused. */
  async comeBackNow(client: number): Promise<void> {
    await this.#returnOnce(client, performance.now());
  }

  /** Kills a node, without which its clients find out for themselves. */
  kill(node: number, pid: number): void {
    this.#deadNodes.add(node);
    this.#nodeOf.forEach((own, client) => {
      if (own === node) this.#away.add(client);
    });
    process.kill(pid, 'SIGKILL');
  }

  /** Resolves once nobody is away, or after a minute. */
  async allBack(): Promise<void> {
    const givenUpMs = performance.now() + returnMs;
    while (this.#away.size > 0 && performance.now() < givenUpMs) await pause(pollMs);
  }

  /** Resolves once nobody has heard anything for so long. */
  async silent(forMs: number): Promise<void> {
    while (performance.now() - this.#lastHeardMs < forMs) await pause(pollMs);
  }

  /** Resolves once everybody has heard what there is to be heard, and after time for a duplicate to show. */
  async settled(): Promise<void> {
    while (!this.traffic.complete && performance.now() - this.#lastHeardMs < silenceMs) await pause(pollMs);
    await pause(10 * pollMs);
  }

  async close(): Promise<void> {
    await inParallel(this.#clients.length, async (index) => {
      await this.#clients[index]?.close();
    });
  }

  #hear(client: number, number: number): void {
    this.#lastHeardMs = performance.now();
    this.traffic.hear(client, number);
    this.returns.hear(client, number, this.#lastHeardMs);
    if (this.#silentNodes.size > 0) this.#silentNodes.delete(this.#nodeOf[client] ?? 0);
  }

  #lose(client: number, error: Error): void {
    if (this.#away.has(client)) this.#comeBack(client, performance.now());
    else this.failures.push(error);
  }

  #comeBack(client: number, lostMs: number): void {
    this.#tryToReturn(client, lostMs).catch((error: unknown) => this.failures.push(error as Error));
  }

  async #tryToReturn(client: number, lostMs: number): Promise<void> {
    let sinceMs = lostMs;
    let refusal: unknown;
    for (let attempt = 0; performance.now() < lostMs + returnMs; attempt++) {
      const pauseFromMs = performance.now();
      await pause(backoffMs(attempt, { ...backoff, random: () => jitterOf(client, attempt) }));
      sinceMs += performance.now() - pauseFromMs;
      try {
        await this.#returnOnce(client, sinceMs);
        return;
      } catch (error) {
        if (!peersError.is(error, 'not_connected')) throw error;
        refusal = error;
      }
    }
    throw peersError('not_connected', { text: 'a client never came back', cause: refusal });
  }

  async #returnOnce(client: number, sinceMs: number): Promise<void> {
    this.#nodeOf[client] = this.#nextNode(this.#nodeOf[client] ?? 0);
    const recovered = (await this.#clients[client]?.connect(this.#portOf(client))) === true;
    const saidBefore = this.traffic.saidTo(client);
    this.returns.add({ client, recovered, saidBefore, sinceMs }, performance.now());
    if (!recovered) this.traffic.forgive(client);
    this.#away.delete(client);
  }

  #nextNode(node: number): number {
    const { ports, returnTo } = this.#options;
    if (returnTo === 'same node') return node;
    for (let step = 1; step < ports.length; step++) {
      const next = (node + step) % ports.length;
      if (!this.#deadNodes.has(next)) return next;
    }
    return node;
  }

  #portOf(client: number): number {
    return this.#options.ports[this.#nodeOf[client] ?? 0] as number;
  }
}

/** From 0 up to 1, evenly over the clients, and the same in each trial: chance is no peer's luck. */
function jitterOf(client: number, attempt: number): number {
  const goldenRatio = 0.618_033_988_75;
  return ((client + 1) * (attempt + 1) * goldenRatio) % 1;
}
