/**
 * Who sends when: each group has `turn` messages in a row, sent by its members one after the other, and then another group
 * has. The groups follow each other in every order there is, so that none always comes after the same one.
 */
export function takeTurns(groups: readonly (readonly number[])[], turn: number): number[] {
  const sent = groups.map(() => 0);
  return permutations(groups.map((_, index) => index)).flatMap((order) =>
    order.flatMap((group) => {
      const members = groups[group] ?? [];
      const from = sent[group] ?? 0;
      sent[group] = from + turn;
      return Array.from({ length: turn }, (_, index) => members[(from + index) % members.length] as number);
    }),
  );
}

function permutations(items: readonly number[]): number[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
