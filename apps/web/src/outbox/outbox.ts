import { backoffMs, type Clock } from '@sluice/kernel';
import type { Message, MessageSent } from '@sluice/protocol';
import type { Answer, Failure } from '../connection/wire.ts';
import { ValueStore, type ReadableStore } from '../state/value-store.ts';
import type { JsonShelf } from '../storage/json-shelf.ts';
import type { OutboxEntry, OutboxPhase } from './outbox-entry.ts';

export interface OutboxDependencies {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly newClientId: () => string;
  readonly send: (entry: OutboxEntry) => Promise<Answer<MessageSent>>;
  /** Told once per acknowledgement, also for an entry that a delivery had settled before. */
  readonly onSent: (entry: OutboxEntry, sent: MessageSent) => void;
  readonly shelf: JsonShelf<readonly OutboxEntry[]>;
}

export interface OutboxOptions {
  /** Attempts in a row, with back-off between them, before an entry is shown as failed. */
  readonly maxAttempts: number;
  readonly delays: { readonly baseMs: number; readonly capMs: number };
  /** How long the cluster is sure to remember a clientId; after that, only the user may decide to send again. */
  readonly resendWindowMs: number;
}

const outboxDefaults: OutboxOptions = {
  maxAttempts: 8,
  delays: { baseMs: 500, capMs: 8_000 },
  // A minute less than the ten of the wire contract.
  resendWindowMs: 9 * 60_000,
};

const tooOld = 'It was sent a while ago and no answer came. Look whether it arrived before sending it again.';

/**
 * Sends what the user writes, room by room in the order written, one at a time, until it is acknowledged, delivered or
 * failed for good. Survives lost connections and, through the shelf, a reload.
 */
export class Outbox {
  readonly #store: ValueStore<readonly OutboxEntry[]>;
  readonly #dependencies: OutboxDependencies;
  readonly #options: OutboxOptions;
  readonly #openRooms = new Set<string>();
  readonly #busyRooms = new Set<string>();
  readonly #wakeRoom = new Map<string, () => void>();

  constructor(dependencies: OutboxDependencies, options: OutboxOptions = outboxDefaults) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#store = new ValueStore(dependencies.shelf.read() ?? []);
    this.#store.subscribe(() => dependencies.shelf.write(this.#store.get()));
  }

  /** In the order written. */
  get entries(): ReadableStore<readonly OutboxEntry[]> {
    return this.#store;
  }

  add(room: string, text: string): void {
    const entry: OutboxEntry = {
      room,
      text,
      clientId: this.#dependencies.newClientId(),
      writtenAt: this.#dependencies.clock.now(),
      firstSentAt: undefined,
      handedOver: false,
      attempts: 0,
      phase: { kind: 'waiting' },
    };
    this.#store.update((entries) => [...entries, entry]);
    this.#drain(room);
  }

  /** Sends a failed entry again, under the same clientId. */
  retry(clientId: string): void {
    const entry = this.#find(clientId);
    if (entry?.phase.kind !== 'failed') return;
    // The user has looked: the window for resending by itself begins anew.
    this.#change(clientId, { phase: { kind: 'waiting' }, attempts: 0, firstSentAt: undefined });
    this.#drain(entry.room);
  }

  discard(clientId: string): void {
    this.#store.update((entries) => entries.filter((entry) => entry.clientId !== clientId));
  }

  discardRoom(room: string): void {
    this.closeRoom(room);
    if (!this.#store.get().some((entry) => entry.room === room)) return;
    this.#store.update((entries) => entries.filter((entry) => entry.room !== room));
  }

  /** Forgets the entries that `messages`, the user's own, turn out to be. */
  settle(messages: readonly Pick<Message, 'room' | 'clientId'>[]): void {
    const arrived = new Set(messages.map((message) => `${message.clientId}\n${message.room}`));
    const isOpen = (entry: OutboxEntry): boolean => !arrived.has(`${entry.clientId}\n${entry.room}`);
    if (!this.#store.get().every(isOpen)) this.#store.update((entries) => entries.filter(isOpen));
  }

  /** The room is joined and its history caught up with: sends what waits, and tries again what failed on the way. */
  openRoom(room: string): void {
    const now = this.#dependencies.clock.now();
    for (const { room: entryRoom, clientId, phase, firstSentAt } of this.#store.get()) {
      if (entryRoom !== room || (phase.kind === 'failed' && !phase.automatic)) continue;
      const safe = firstSentAt === undefined || now - firstSentAt < this.#options.resendWindowMs;
      const next: OutboxPhase = safe
        ? { kind: 'waiting' }
        : { kind: 'failed', reason: tooOld, automatic: false };
      this.#change(clientId, { phase: next, attempts: 0 });
    }
    this.#openRooms.add(room);
    this.#wakeRoom.get(room)?.();
    this.#drain(room);
  }

  /** The room cannot be sent to until it is opened again. */
  closeRoom(room: string): void {
    this.#openRooms.delete(room);
    this.#wakeRoom.get(room)?.();
  }

  closeAll(): void {
    for (const room of this.#openRooms) this.closeRoom(room);
  }

  #drain(room: string): void {
    if (this.#busyRooms.has(room)) return;
    this.#busyRooms.add(room);
    void this.#sendAll(room);
  }

  async #sendAll(room: string): Promise<void> {
    while (this.#openRooms.has(room)) {
      const entry = this.#store.get().find((each) => each.room === room && each.phase.kind === 'waiting');
      if (entry === undefined) break;
      await this.#sendOne(entry);
    }
    this.#busyRooms.delete(room);
  }

  async #sendOne(entry: OutboxEntry): Promise<void> {
    const { clientId, room } = entry;
    const firstSentAt = entry.firstSentAt ?? this.#dependencies.clock.now();
    this.#change(clientId, { firstSentAt, handedOver: true });
    const answer = await this.#dependencies.send(entry);
    if (answer.ok) {
      this.discard(clientId);
      this.#dependencies.onSent(entry, answer);
      return;
    }
    // Delivered in the meantime, which settles it better than any error.
    if (this.#find(clientId) === undefined) return;
    if (answer.error.code === 'connection_lost') this.#openRooms.delete(room);
    else if (answer.error.retryable) await this.#backOff(entry, answer.error);
    else this.#fail(clientId, answer.error, false);
  }

  async #backOff({ clientId, room, attempts }: OutboxEntry, error: Failure): Promise<void> {
    if (attempts + 1 >= this.#options.maxAttempts) return this.#fail(clientId, error, true);
    this.#change(clientId, { attempts: attempts + 1 });
    const { clock, random } = this.#dependencies;
    const delayMs = backoffMs(attempts, { ...this.#options.delays, random });
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(delayMs, resolve);
      this.#wakeRoom.set(room, () => {
        cancel();
        resolve();
      });
    });
    this.#wakeRoom.delete(room);
  }

  #fail(clientId: string, error: Failure, automatic: boolean): void {
    this.#change(clientId, { phase: { kind: 'failed', reason: error.message, automatic } });
  }

  #find(clientId: string): OutboxEntry | undefined {
    return this.#store.get().find((entry) => entry.clientId === clientId);
  }

  #change(clientId: string, changes: Partial<OutboxEntry>): void {
    this.#store.update((entries) =>
      entries.map((entry) => (entry.clientId === clientId ? { ...entry, ...changes } : entry)),
    );
  }
}
