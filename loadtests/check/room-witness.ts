import { beginning, compareIds } from './compare-ids.ts';
import { SenderNumbers } from './sender-numbers.ts';

/** A message as a receiver hears it, or as it is in the room's history. */
export interface WitnessedMessage {
  /** Its position in the room's log. */
  readonly id: string;
  readonly sender: string;
  /** Counts what the sender says in this room, without a hole. */
  readonly number: number;
  /** When it was sent first, in milliseconds since the epoch, by the receiver's own clock; left out where that is not known. */
  readonly sentAt?: number;
}

export type FindingKind = 'lost' | 'duplicated' | 'outOfOrder' | 'falseRecovery';

/** A promise that was broken. */
export interface Finding {
  readonly kind: FindingKind;
  /** For people: what exactly. */
  readonly text: string;
}

/** Ids after the first and up to and including the second. */
type Span = readonly [after: string, upTo: string];

/**
 * Holds what one receiver hears in one room against what it was promised (docs/guarantees.md), over all of its connections:
 *
 * - Everything from its join on, without a hole: each sender's numbers grow by one, and between the join and an audit it has
 *   heard what the room's history holds, exactly. Only what it was told of is excused: a gap, or a session begun anew.
 * - Nothing twice.
 * - In one order, the same for all receivers: since ids are positions in the room's log, that is what growing ids are.
 * - A recovery that was said to be one left out nothing between what was heard before it and what came first after it.
 */
export class RoomWitness {
  readonly #senders = new Map<string, SenderNumbers>();
  /** Ids heard, and ids acknowledged to the receiver as its own; those of before the last audit but one are forgotten. */
  #heard = new Set<string>();
  #acknowledged = new Set<string>();
  #excused: Span[] = [];
  #recoveries: { readonly after: string; before: string | undefined }[] = [];
  #latest = beginning;
  #owedFrom: string | undefined;
  /** When the join was answered; undefined where that does not matter (any more). */
  #owedSince: number | undefined;
  #auditedTo = beginning;
  #pruneTo = beginning;
  /** Where its connection was lost; undefined while it has one whose session is known. */
  #cutAt: string | undefined;
  /** Where a session that was not recovered had been; undefined once the room is joined again. */
  #anewFrom: string | undefined;

  /** The newest id heard. */
  get latest(): string {
    return this.#latest;
  }

  /** Audits need the history from here on, exclusive; undefined before the join. */
  get auditFrom(): string | undefined {
    if (this.#owedFrom === undefined) return undefined;
    return compareIds(this.#auditedTo, this.#owedFrom) > 0 ? this.#auditedTo : this.#owedFrom;
  }

  /**
   * The join was answered, and after that `newest` was the last message of the room's history: everything after it is owed, and
   * so is what came before it and was sent after the answer, where the time of that is given.
   * Called again where a session that was not recovered has joined again; what came between is excused.
   */
  joined(newest: string, answeredAt?: number): void {
    if (this.#owedFrom === undefined) this.#owedSince = answeredAt;
    this.#owedFrom ??= newest;
    if (this.#anewFrom !== undefined) this.#excused.push([this.#anewFrom, newest]);
    this.#anewFrom = undefined;
  }

  hear({ id, sender, number }: WitnessedMessage): Finding[] {
    const isRepeated = this.#heard.has(id);
    const isOld = compareIds(id, this.#latest) < 0;
    this.#heard.add(id);
    if (!isOld) this.#latest = id;
    for (const recovery of this.#recoveries) recovery.before ??= id;
    if (isRepeated) return [{ kind: 'duplicated', text: `${sender}'s ${number} (${id}) came twice` }];
    const order = this.#numbersOf(sender).hear(number);
    if (order === 'again')
      return [{ kind: 'duplicated', text: `${sender}'s ${number} came twice, now as ${id}` }];
    if (order === 'next' && !isOld) return [];
    const text = `${sender}'s ${number} (${id}) came after what follows it; the newest was ${this.#latest}`;
    return [{ kind: 'outOfOrder', text }];
  }

  /** The receiver's own message was acknowledged under this id. */
  acknowledged(id: string): void {
    this.#acknowledged.add(id);
  }

  /** The connection was lost. */
  cut(): void {
    this.#cutAt ??= this.#latest;
  }

  /** There is a connection again, which says whether all that was missed has been heard by now. */
  returned(recovered: boolean): void {
    if (this.#cutAt === undefined) return;
    // What was replayed came before this, and is newer than where the connection was lost.
    if (recovered) this.#recoveries.push({ after: this.#cutAt, before: undefined });
    else this.#beginAnew(this.#cutAt);
    this.#cutAt = undefined;
  }

  /** The receiver was told that something after the first id and up to the second is gone, or may be. */
  gap(after: string, upTo: string): void {
    this.#excused.push([after, upTo]);
    this.#forgive();
  }

  /**
   * Compares what was heard with the history of the room, in its order and whole from {@link auditFrom} (or from what is still
   * kept) to `upTo`, which is to have been heard by now.
   */
  audit(history: readonly WitnessedMessage[], upTo: string): Finding[] {
    const from = this.auditFrom;
    if (from === undefined) return [];
    const isOwed = ({ id, sentAt = -Infinity }: WitnessedMessage): boolean =>
      isWithin(id, [from, upTo]) ||
      // Up to the newest of the history, as it was read some time after the answer.
      (this.#owedSince !== undefined && sentAt > this.#owedSince && compareIds(id, from) <= 0);
    const owed = history.filter((message) => isOwed(message) && !this.#isExcused(message.id));
    this.#owedSince = undefined;
    const lost = owed.filter(({ id }) => !this.#heard.has(id));
    for (const { sender, number } of owed) this.#numbersOf(sender).settle(number);
    const findings: Finding[] = [
      ...lost.map(({ id, sender, number }): Finding => ({
        kind: 'lost',
        text: `${sender}'s ${number} (${id})`,
      })),
      ...this.#absent(history, [from, upTo]),
      ...this.#falselyRecovered(lost, upTo),
    ];
    this.#forgetBefore(upTo);
    return findings;
  }

  /** What is missing by the senders' own numbers, and was not accounted for by an audit. */
  missing(): Finding[] {
    return [...this.#senders].flatMap(([sender, numbers]) =>
      numbers.missing.map((number): Finding => ({
        kind: 'lost',
        text: `${sender}'s ${number}, of which later ones came`,
      })),
    );
  }

  /** What was heard or acknowledged and is not in the history, though it reaches back that far. */
  #absent(history: readonly WitnessedMessage[], span: Span): Finding[] {
    const kept = new Set(history.map(({ id }) => id));
    const oldest = history[0]?.id ?? beginning;
    const isAbsent = (id: string): boolean =>
      isWithin(id, span) && compareIds(id, oldest) > 0 && !kept.has(id) && !this.#isExcused(id);
    const both = new Set([...this.#heard, ...this.#acknowledged]);
    return [...both].filter(isAbsent).map((id) => ({ kind: 'lost', text: `${id}, from the room's history` }));
  }

  #falselyRecovered(lost: readonly WitnessedMessage[], upTo: string): Finding[] {
    const falsely = this.#recoveries.flatMap(({ after, before = upTo }): Finding[] => {
      const missed = lost.filter(({ id }) => isWithin(id, [after, before])).length;
      if (missed === 0) return [];
      return [{ kind: 'falseRecovery', text: `said after ${after}, and ${missed} did not come` }];
    });
    this.#recoveries = this.#recoveries.filter(({ before = upTo }) => compareIds(before, upTo) > 0);
    return falsely;
  }

  #beginAnew(from: string): void {
    this.#anewFrom ??= from;
    this.#forgive();
  }

  #forgive(): void {
    for (const numbers of this.#senders.values()) numbers.forgiveNext();
  }

  #isExcused(id: string): boolean {
    return this.#excused.some((span) => isWithin(id, span));
  }

  #forgetBefore(upTo: string): void {
    const isKept = (id: string): boolean => compareIds(id, this.#pruneTo) > 0;
    this.#pruneTo = this.#auditedTo;
    this.#auditedTo = upTo;
    this.#heard = new Set([...this.#heard].filter(isKept));
    this.#acknowledged = new Set([...this.#acknowledged].filter(isKept));
    this.#excused = this.#excused.filter(([, to]) => isKept(to));
  }

  #numbersOf(sender: string): SenderNumbers {
    const existing = this.#senders.get(sender);
    if (existing !== undefined) return existing;
    const numbers = new SenderNumbers();
    this.#senders.set(sender, numbers);
    return numbers;
  }
}

function isWithin(id: string, [after, upTo]: Span): boolean {
  return compareIds(id, after) > 0 && compareIds(id, upTo) <= 0;
}
