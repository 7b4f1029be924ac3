/**
 * Who sends when: one group has `turn` messages, sent by its members one after the other, then the other has twice as many, then
 * the first again.
 */
export function takeTurns(one: readonly number[], other: readonly number[], turn: number): number[] {
  const senders: number[] = [];
  // Until everybody has been first in a turn, so that nobody sends more than the others.
  for (let sent = 0; sent < turn * Math.max(one.length, other.length); sent += turn) {
    const order = (sent / turn) % 2 === 0 ? [one, other] : [other, one];
    for (const group of order) {
      for (let index = sent; index < sent + turn; index += 1) {
        senders.push(group[index % group.length] as number);
      }
    }
  }
  return senders;
}
