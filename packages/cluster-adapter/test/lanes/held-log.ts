import type { ClusterLog } from '../../src/log/cluster-log.ts';

/** Stops who comes to it until it is opened. */
export interface Gate {
  /** How many have come since it was last shut. */
  readonly waiting: number;
  shut(): void;
  open(): void;
  /** Opens for those to come; who waits goes on when the returned function is called. */
  release(): () => void;
}

type Held = 'subscribe' | 'read' | 'tails' | 'end';

/** A log some of whose answers wait at a gate, which is open at first. The questions are asked at once. */
export function holdLog(
  log: ClusterLog,
  method: Held,
  concerns: (...args: readonly unknown[]) => boolean = () => true,
): { readonly log: ClusterLog; readonly gate: Gate } {
  let shut = false;
  let waiting: (() => void)[] = [];
  const plain = log[method] as (...args: unknown[]) => Promise<unknown>;
  const held = Object.create(log, {
    [method]: {
      value: async (...args: unknown[]) => {
        const mustWait = shut && concerns(...args);
        const passed = new Promise<void>((resolve) => (mustWait ? waiting.push(resolve) : resolve()));
        const answer = plain(...args);
        answer.catch(() => undefined);
        await passed;
        return await answer;
      },
    },
  }) as ClusterLog;
  const release = (): (() => void) => {
    shut = false;
    const released = waiting;
    waiting = [];
    return () => {
      for (const pass of released) pass();
    };
  };
  return {
    log: held,
    gate: {
      get waiting() {
        return waiting.length;
      },
      shut() {
        shut = true;
      },
      open: () => release()(),
      release,
    },
  };
}
