import { setImmediate as turn } from 'node:timers/promises';
import type { SeededRandom } from '@sluice/testkit';
import type { ClusterLog, LogListener } from '../../../src/log/cluster-log.ts';

const commands = [
  'publish',
  'send',
  'tails',
  'end',
  'read',
  'readBefore',
  'beat',
  'members',
  'resign',
] as const;

/** Something with a beginning and an end, through which all comes out in the order in which it went in, and some time later. */
class Line {
  readonly #random: SeededRandom;
  readonly #maxTurns: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(random: SeededRandom, maxTurns: number) {
    this.#random = random;
    this.#maxTurns = maxTurns;
  }

  pass<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const turns = this.#random.whole(0, this.#maxTurns);
    const before = this.#last;
    const passed = (async () => {
      await before.catch(() => undefined);
      for (let i = 0; i < turns; i += 1) await turn();
      return await work();
    })();
    this.#last = passed.catch(() => undefined);
    return passed;
  }
}

/**
 * A log at some distance: questions take their time to it, answers back, and what is heard too, by up to `maxTurns` of
 * the event loop. As over a connection for commands and one for hearing, each keeps its order.
 */
export function slowLog(log: ClusterLog, random: SeededRandom, maxTurns: number): ClusterLog {
  if (maxTurns === 0) return log;
  const [there, back, subscriptions, heard] = Array.from(
    { length: 4 },
    () => new Line(random.fork(), maxTurns),
  ) as [Line, Line, Line, Line];
  const slow = Object.fromEntries(
    commands.map((name) => {
      const ask = log[name] as (...args: unknown[]) => Promise<unknown>;
      const value = async (...args: unknown[]): Promise<unknown> => {
        // An answer does not keep the next question waiting.
        const { answer } = await there.pass(() => ({ answer: ask(...args) }));
        return await back.pass(() => answer);
      };
      return [name, { value }];
    }),
  );
  let connection = 0;
  const listen = (listener: LogListener): void => {
    // What a connection had not handed over is lost with it.
    const hear = (hand: () => void): void => {
      const over = connection;
      void heard.pass(() => {
        if (over === connection) hand();
      });
    };
    log.listen({
      onEntry: (topic, entry) => hear(() => listener.onEntry(topic, entry)),
      onSent: (topic, body) => hear(() => listener.onSent(topic, body)),
      onInterrupted() {
        connection += 1;
        listener.onInterrupted();
      },
      onRestored: () => listener.onRestored(),
    });
  };
  return Object.create(log, {
    ...slow,
    listen: { value: listen },
    subscribe: { value: (topic: string) => subscriptions.pass(() => log.subscribe(topic)) },
  }) as ClusterLog;
}
