import type { Measured } from './trial.ts';

/** Tells the person at the terminal what goes on, on stderr: results go to stdout. */
export interface Progress {
  /** @param what is measured now, the `index`th (from 0) of `total` */
  begin(what: string, index: number, total: number): void;
  phase(phase: string): void;
  end(measured: Measured): void;
}

const clearLine = '\r\u001B[K';
const yellow = '\u001B[33m';
const plain = '\u001B[39m';

export function createProgress(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Progress {
  const terminal = out.isTTY;
  const colors = terminal && !environment['NO_COLOR'];
  const startedMs = performance.now();
  let label = '';
  const say = (text: string): void => void out.write(terminal ? `${clearLine}${text}\n` : `${text}\n`);
  return {
    begin(what, index, total) {
      const minutes = Math.floor((performance.now() - startedMs) / 60_000);
      label = `[${index + 1}/${total}, ${minutes} min] ${what}`;
    },
    phase(phase) {
      if (terminal) out.write(`${clearLine}${label}: ${phase}`);
    },
    end({ figures, faults }) {
      const shown = Object.entries(figures)
        .slice(0, 4)
        .map(([name, value]) => `${name} ${value.toFixed(1)}`);
      say(`${label}: ${shown.join(', ')}`);
      for (const fault of faults) say(colors ? `${yellow}  ${fault}${plain}` : `  ${fault}`);
    },
  };
}
