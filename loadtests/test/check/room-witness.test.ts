import { describe, expect, test } from '@jest/globals';
import { beginning } from '../../check/compare-ids.ts';
import { RoomWitness, type FindingKind, type WitnessedMessage } from '../../check/room-witness.ts';

/** Messages of one sender with the given numbers, at positions of the same numbers. */
function said(...numbers: readonly number[]): WitnessedMessage[] {
  return numbers.map((number) => ({ id: `${number}-0`, sender: 'ann', number }));
}

function joined(): RoomWitness {
  const witness = new RoomWitness();
  witness.joined(beginning);
  return witness;
}

function hear(witness: RoomWitness, messages: readonly WitnessedMessage[]): FindingKind[] {
  return messages.flatMap((message) => witness.hear(message)).map(({ kind }) => kind);
}

/** What a last audit finds, with what is missing by the senders' numbers. */
function conclude(witness: RoomWitness, history: readonly WitnessedMessage[]): FindingKind[] {
  const newest = history.at(-1)?.id ?? beginning;
  return [...witness.audit(history, newest), ...witness.missing()].map(({ kind }) => kind);
}

describe('who hears everything once and in order', () => {
  test('has nothing to say', () => {
    const witness = joined();
    const messages: WitnessedMessage[] = [
      { id: '9-0', sender: 'ann', number: 1 },
      { id: '10-0', sender: 'bob', number: 1 },
      { id: '10-1', sender: 'ann', number: 2 },
    ];
    expect(hear(witness, messages)).toEqual([]);
    witness.acknowledged('10-1');
    expect(conclude(witness, messages)).toEqual([]);
  });

  test('owes nothing to what was said before its join, and to what an audit is not about', () => {
    const witness = new RoomWitness();
    expect(hear(witness, said(4, 5))).toEqual([]);
    expect(witness.auditFrom).toBeUndefined();
    expect(conclude(witness, said(1, 2, 3, 4, 5))).toEqual([]);
    witness.joined('5-0');
    expect(witness.auditFrom).toBe('5-0');
    expect(hear(witness, said(6, 7))).toEqual([]);
    expect(witness.audit(said(1, 2, 3, 4, 5, 6, 7, 8), '7-0')).toEqual([]);
    expect(witness.auditFrom).toBe('7-0');
  });
});

describe('what came between the answer to a join and the history that was read after it', () => {
  const history = said(1, 2, 3).map((message, index): WitnessedMessage => ({
    ...message,
    sentAt: 100 * (index + 1),
  }));

  test('is owed where it was sent after the answer', () => {
    const witness = new RoomWitness();
    witness.joined('2-0', 150);
    hear(witness, said(3));
    expect(conclude(witness, history)).toEqual(['lost']);
  });

  test('is not owed where it was sent before, nor a second time', () => {
    const witness = new RoomWitness();
    witness.joined('2-0', 250);
    hear(witness, said(3));
    expect(witness.audit(history, '3-0')).toEqual([]);
    expect(conclude(witness, history)).toEqual([]);
  });
});

describe('a message', () => {
  test('that is missing between others is lost, once', () => {
    const witness = joined();
    expect(hear(witness, said(1, 3))).toEqual([]);
    expect(conclude(witness, said(1, 2, 3))).toEqual(['lost']);
  });

  test('that is missing at either end is lost too', () => {
    const witness = joined();
    expect(hear(witness, said(2, 3))).toEqual([]);
    expect(conclude(witness, said(1, 2, 3, 4))).toEqual(['lost', 'lost']);
  });

  test('that is missing after the last audit is found by its number', () => {
    const witness = joined();
    hear(witness, said(1, 2, 4));
    expect(witness.audit(said(1, 2), '2-0')).toEqual([]);
    expect(witness.missing().map(({ kind }) => kind)).toEqual(['lost']);
  });

  test('of somebody of whom nothing else came is lost', () => {
    const witness = joined();
    hear(witness, said(1));
    const other = { id: '2-0', sender: 'bob', number: 1 };
    expect(conclude(witness, [...said(1), other])).toEqual(['lost']);
  });

  test('that was heard and is not in the history is lost from it', () => {
    const witness = joined();
    hear(witness, said(1, 2, 3));
    expect(conclude(witness, said(1, 3))).toEqual(['lost']);
  });

  test('that was acknowledged and is nowhere is lost', () => {
    const witness = joined();
    hear(witness, said(1, 3));
    witness.acknowledged('2-0');
    // By the acknowledgement and by its number.
    expect(conclude(witness, said(1, 3))).toEqual(['lost', 'lost']);
  });

  test('older than all that is kept of the history may have been trimmed', () => {
    const witness = joined();
    hear(witness, said(1, 2, 3));
    expect(conclude(witness, said(3))).toEqual([]);
  });

  test('that comes twice is a duplicate', () => {
    const witness = joined();
    expect(hear(witness, said(1, 2, 1, 2))).toEqual(['duplicated', 'duplicated']);
    expect(conclude(witness, said(1, 2))).toEqual([]);
  });

  test('that is in the log twice is a duplicate', () => {
    const witness = joined();
    expect(hear(witness, [...said(1), { id: '2-0', sender: 'ann', number: 1 }])).toEqual(['duplicated']);
  });

  test('that comes again after an audit is a duplicate, however long ago that was', () => {
    const witness = joined();
    hear(witness, said(1));
    for (const number of [2, 3, 4]) {
      hear(witness, said(number));
      expect(witness.audit(said(1, 2, 3, 4), `${number}-0`)).toEqual([]);
    }
    expect(hear(witness, said(1, 4))).toEqual(['duplicated', 'duplicated']);
  });

  test('that comes after what follows it is out of order, and not lost', () => {
    const witness = joined();
    expect(hear(witness, said(1, 3, 2, 4))).toEqual(['outOfOrder']);
    expect(conclude(witness, said(1, 2, 3, 4))).toEqual([]);
  });

  test('of another sender that breaks the order of the room is out of order', () => {
    const witness = joined();
    const bob = { id: '1-5', sender: 'bob', number: 1 };
    expect(hear(witness, [...said(1, 2), bob])).toEqual(['outOfOrder']);
    expect(conclude(witness, [...said(1), bob, ...said(2)])).toEqual([]);
  });

  test('whose sender the log has in another order is out of order', () => {
    const witness = joined();
    const log = [
      { id: '1-0', sender: 'ann', number: 2 },
      { id: '2-0', sender: 'ann', number: 1 },
    ];
    expect(hear(witness, log)).toEqual(['outOfOrder']);
  });
});

describe('a recovery', () => {
  test('that brings all that was missed is one', () => {
    const witness = joined();
    hear(witness, said(1, 2));
    witness.cut();
    hear(witness, said(3, 4));
    witness.returned(true);
    expect(hear(witness, said(5))).toEqual([]);
    expect(conclude(witness, said(1, 2, 3, 4, 5))).toEqual([]);
  });

  test('that leaves out what was missed is false, and that is lost', () => {
    const witness = joined();
    hear(witness, said(1, 2));
    witness.cut();
    witness.returned(true);
    hear(witness, said(5));
    expect(conclude(witness, said(1, 2, 3, 4, 5))).toEqual(['lost', 'lost', 'falseRecovery']);
  });

  test('that leaves out the end of what was missed is false', () => {
    const witness = joined();
    hear(witness, said(1));
    witness.cut();
    hear(witness, said(2));
    // Cut in the middle of the first.
    witness.cut();
    witness.returned(true);
    expect(conclude(witness, said(1, 2, 3))).toEqual(['lost', 'falseRecovery']);
  });

  test('is not false because of what is lost at other times', () => {
    const witness = joined();
    hear(witness, said(1, 3));
    witness.cut();
    hear(witness, said(4));
    witness.returned(true);
    hear(witness, said(5, 7));
    expect(conclude(witness, said(1, 2, 3, 4, 5, 6, 7))).toEqual(['lost', 'lost']);
  });

  test('that repeats what was heard before is no better', () => {
    const witness = joined();
    hear(witness, said(1, 2));
    witness.cut();
    expect(hear(witness, said(2, 3))).toEqual(['duplicated']);
  });
});

describe('what the receiver was told that it may have missed', () => {
  test('is excused between the end of its session and joining again', () => {
    const witness = joined();
    hear(witness, said(1, 2));
    witness.cut();
    witness.returned(false);
    witness.joined('4-0');
    expect(hear(witness, said(5, 6))).toEqual([]);
    expect(conclude(witness, said(1, 2, 3, 4, 5, 6))).toEqual([]);
  });

  test('does not excuse what was missing before, nor what is after', () => {
    const witness = joined();
    hear(witness, said(1, 3));
    witness.cut();
    witness.returned(false);
    witness.joined('5-0');
    hear(witness, said(6, 8));
    expect(conclude(witness, said(1, 2, 3, 4, 5, 6, 7, 8))).toEqual(['lost', 'lost']);
  });

  test('is excused where it ends a session in which another recovery failed', () => {
    const witness = joined();
    hear(witness, said(1));
    witness.cut();
    witness.returned(false);
    // Before it has joined again.
    witness.cut();
    witness.returned(false);
    witness.joined('3-0');
    hear(witness, said(4));
    expect(conclude(witness, said(1, 2, 3, 4))).toEqual([]);
  });

  test('is excused where a gap is said, and not beyond it', () => {
    const witness = joined();
    hear(witness, said(1));
    witness.gap('1-0', '3-0');
    hear(witness, said(5));
    expect(conclude(witness, said(1, 2, 3, 4, 5))).toEqual(['lost']);
  });

  test('may come late, out of order, and is no duplicate', () => {
    const witness = joined();
    hear(witness, said(1));
    witness.gap('1-0', '2-0');
    expect(hear(witness, said(3, 2))).toEqual(['outOfOrder']);
  });

  test('may be gone from the history although it was heard', () => {
    const witness = joined();
    hear(witness, said(1, 2, 3));
    witness.gap('1-0', '2-0');
    hear(witness, said(4));
    expect(conclude(witness, said(1, 3, 4))).toEqual([]);
  });
});
