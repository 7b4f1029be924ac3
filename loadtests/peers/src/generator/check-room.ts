/** What a room's messages were, and what each member heard of them. */
export interface RoomRecord {
  /** Who sent message n, for each n from 0 on. */
  readonly senders: readonly number[];
  /** By member: the numbers heard, in the order heard. */
  readonly heard: readonly (readonly number[])[];
}

export interface RoomVerdict {
  /** Messages that nobody heard: they never came as far as the log or the channel. */
  readonly unheard: number;
  /** Messages that a member never heard while others did, over all members. */
  readonly lost: number;
  /** Messages that a member heard again, each time. */
  readonly duplicated: number;
  /** Messages that a member heard after a later one of the same sender. */
  readonly inversions: number;
  /** Neighbours that a member heard the other way round than the first member did. */
  readonly disagreements: number;
}

/** Holds what members heard against what was sent. All were members from before the first message until after the last. */
export function checkRoom({ senders, heard }: RoomRecord): RoomVerdict {
  const order = firstHeard(heard[0] ?? [], senders.length);
  const members = heard.map((numbers) => checkMember(numbers, senders, order));
  const known = new Set(heard.flat());
  const unheard = senders.length - known.size;
  const total = sumVerdicts(members);
  return { ...total, unheard, lost: total.lost - unheard * heard.length };
}

/** By member: the messages that it never heard while others did, ascending. */
export function missedBy({ heard }: RoomRecord): number[][] {
  const known = [...new Set(heard.flat())].toSorted((a, b) => a - b);
  return heard.map((numbers) => {
    const own = new Set(numbers);
    return known.filter((number) => !own.has(number));
  });
}

export function sumVerdicts(verdicts: readonly RoomVerdict[]): RoomVerdict {
  const sum = (name: keyof RoomVerdict): number =>
    verdicts.reduce((total, verdict) => total + verdict[name], 0);
  return {
    unheard: sum('unheard'),
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    inversions: sum('inversions'),
    disagreements: sum('disagreements'),
  };
}

const never = -1;

/** By message: at which place it was first heard. */
function firstHeard(numbers: readonly number[], sent: number): Int32Array {
  const places = new Int32Array(sent).fill(never);
  numbers.forEach((number, place) => {
    if (places[number] === never) places[number] = place;
  });
  return places;
}

function checkMember(numbers: readonly number[], senders: readonly number[], order: Int32Array): RoomVerdict {
  const known = new Uint8Array(senders.length);
  const latestOf = new Map<number, number>();
  let distinct = 0;
  let inversions = 0;
  let disagreements = 0;
  let placeBefore = never;
  for (const number of numbers) {
    if (known[number] === 1) continue;
    known[number] = 1;
    distinct += 1;
    const sender = senders[number] ?? never;
    const latest = latestOf.get(sender) ?? never;
    if (number < latest) inversions += 1;
    else latestOf.set(sender, number);
    // What the first member missed has no place to compare.
    const place = order[number] ?? never;
    if (place === never) continue;
    if (place < placeBefore) disagreements += 1;
    placeBefore = place;
  }
  return {
    unheard: 0,
    lost: senders.length - distinct,
    duplicated: numbers.length - distinct,
    inversions,
    disagreements,
  };
}
