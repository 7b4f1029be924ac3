export interface Pacer {
  /** How late each send of the time from `fromMs` to `toMs` was, in milliseconds, ascending. */
  latenessMs(fromMs: number, toMs: number): number[];
  stop(): void;
}

/**
 * Calls `send` at an even pace of `ratePerS`, from now on, with the number of the call. What falls due while the process is
 * busy is sent as soon as it is not: the rate holds unless the process cannot hold it.
 */
export function startPacer(ratePerS: number, send: (count: number, nowMs: number) => void): Pacer {
  const startedMs = performance.now();
  const everyMs = 1_000 / ratePerS;
  const sentMs: number[] = [];
  const dueMs = (count: number): number => startedMs + count * everyMs;
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    const nowMs = performance.now();
    while (dueMs(sentMs.length) <= nowMs) {
      const count = sentMs.length;
      sentMs.push(nowMs);
      send(count, nowMs);
    }
    timer = setTimeout(tick, 1);
  };
  timer = setTimeout(tick, 0);
  return {
    latenessMs(fromMs, toMs) {
      const late: number[] = [];
      sentMs.forEach((atMs, count) => {
        if (atMs >= fromMs && atMs < toMs) late.push(atMs - dueMs(count));
      });
      return late.toSorted((a, b) => a - b);
    },
    stop: () => clearTimeout(timer),
  };
}
