import type { HistoryPage, Message, MessageSent } from '@sluice/protocol';
import { beginning, compareIds } from '../check/compare-ids.ts';
import { readText, writeText } from '../check/numbered-text.ts';
import { RoomWitness, type Finding, type FindingKind, type WitnessedMessage } from '../check/room-witness.ts';
import { complain } from '../complain.ts';
import { counters, trends, type MetricName } from '../metrics.ts';
import { instances } from '../settings.ts';
import { Gate } from './gate.ts';
import type { Member } from './member.ts';

const counterOf = {
  lost: 'sluice_lost',
  duplicated: 'sluice_duplicated',
  outOfOrder: 'sluice_out_of_order',
  falseRecovery: 'sluice_false_recovery',
} as const satisfies Record<FindingKind, MetricName>;

const pageSize = 100;
// The first ones tell what is wrong, and the rest is counted.
const shownFindings = 3;

/** A member in a room: what it says there, numbered, and what it hears, checked. */
export class Membership {
  readonly room: string;
  readonly #member: Member;
  readonly #witness = new RoomWitness();
  #shown = 0;
  /** The newest id heard, of whomever, or that is not to be heard since it is from before the join. */
  #latest = beginning;
  /** What must have been heard before the next check, and the gate that opens then. */
  #awaited: { readonly id: string; readonly gate: Gate } | undefined;

  constructor(member: Member, room: string) {
    this.#member = member;
    this.room = room;
  }

  /**
   * The join has been answered, and after that `newest` was the last message of the history.
   * @param answeredAt when, in milliseconds since the epoch
   */
  joined(newest: string, answeredAt: number): void {
    // Nobody will hear it any more who has not by now.
    if (compareIds(newest, this.#latest) > 0) this.#latest = newest;
    // Of several k6 each has a clock of its own.
    this.#witness.joined(newest, instances === 1 ? answeredAt : undefined);
  }

  hear({ id, text }: Message, isReplayed: boolean): void {
    if (compareIds(id, this.#latest) > 0) this.#latest = id;
    if (this.#awaited !== undefined && compareIds(id, this.#awaited.id) >= 0) this.#awaited.gate.open();
    const said = readText(text);
    // Somebody else is in the room, who is not of this run.
    if (said === undefined) return;
    if (!isReplayed)
      trends.sluice_delivery_ms.add(Date.now() - said.sentAt, this.#member.tagsAt(said.sentAt));
    this.#report(this.#witness.hear({ id, sender: said.sender, number: said.number }));
  }

  cut(): void {
    this.#witness.cut();
  }

  returned(recovered: boolean): void {
    this.#witness.returned(recovered);
  }

  gap(from: string, to: string): void {
    this.#witness.gap(from, to);
  }

  async say(length?: number): Promise<void> {
    const { name } = this.#member;
    const number = this.#member.nextNumber(this.room);
    const sentAt = Date.now();
    const text = writeText({ sender: name, number, sentAt }, length);
    const payload = { room: this.room, text, clientId: `${this.#member.nonce}-${number}` };
    const { id } = await this.#member.request<MessageSent>('message:send', payload);
    trends.sluice_ack_ms.add(Date.now() - sentAt, this.#member.tagsAt(sentAt));
    counters.sluice_sent.add(1, this.#member.tagsAt(sentAt));
    this.#witness.acknowledged(id);
  }

  /**
   * Waits until it has heard what is the newest message now, then compares all it has heard up to there with the room's
   * history. To be called in between in long runs: what has been compared is forgotten.
   */
  async settle(): Promise<void> {
    const newest = await this.#member.newestId(this.room);
    const isHeard = await this.#untilHeard(newest);
    if (this.#member.comparesHistory) this.#report(this.#witness.audit(await this.#history(), newest));
    else if (!isHeard) this.#report([{ kind: 'lost', text: `the newest message, ${newest}` }]);
  }

  /** The last {@link settle}: nothing that is missing can come any more. */
  async conclude(): Promise<void> {
    await this.settle();
    this.#report(this.#witness.missing());
  }

  /** Resolves to true when `id` has been heard, to false where it is too late for that. */
  async #untilHeard(id: string): Promise<boolean> {
    if (compareIds(this.#latest, id) >= 0) return true;
    const gate = new Gate(`${this.#member.name} hears the newest message of ${this.room}`);
    this.#awaited = { id, gate };
    try {
      await gate.pass(Date.now() + this.#member.deadlineMs);
      return true;
    } catch {
      return false;
    } finally {
      this.#awaited = undefined;
    }
  }

  /** All that is kept of the room's history back to where the last check ended, oldest first. */
  async #history(): Promise<readonly WitnessedMessage[]> {
    const from = this.#witness.auditFrom ?? beginning;
    const pages: (readonly Message[])[] = [];
    for (let before: string | undefined; ;) {
      const { messages, more } = await this.#page({
        limit: pageSize,
        ...(before === undefined ? {} : { before }),
      });
      pages.unshift(messages);
      before = messages[0]?.id;
      if (!more || before === undefined || compareIds(before, from) <= 0) break;
    }
    return pages.flat().flatMap(({ id, text }) => {
      const said = readText(text);
      return said === undefined ? [] : [{ id, ...said }];
    });
  }

  #page(page: { limit: number; before?: string }): Promise<HistoryPage> {
    return this.#member.request<HistoryPage>('history:read', { room: this.room, ...page });
  }

  #report(findings: readonly Finding[]): void {
    for (const { kind, text } of findings) {
      counters[counterOf[kind]].add(1);
      this.#shown += 1;
      if (this.#shown <= shownFindings) complain(`${kind}: ${this.#member.name} in ${this.room}: ${text}`);
    }
  }
}
