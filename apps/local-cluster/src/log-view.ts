import { prettyFactory } from 'pino-pretty';
import { isNoteworthy, tidied } from './daemon-line.ts';

export interface LogViewOptions {
  /** Where lines go, each with its end. */
  readonly write: (text: string) => void;
  readonly colors: boolean;
  /** Every line of every process, untouched. */
  readonly verbose: boolean;
  /** The widest name, to line the rest up. */
  readonly nameWidth: number;
}

export interface LogView {
  /** A line that a process wrote. */
  line(process: string, text: string): void;
  /** A word of the supervisor's own. */
  say(text: string): void;
  /** Text that stands by itself. */
  print(text: string): void;
  /** A line to show only if its process fails. */
  hide(process: string, text: string): void;
  /** What the quiet processes wrote and nobody has seen yet: to be shown when one fails. */
  showHidden(process: string): void;
}

const palette = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94];
const hiddenLines = 15;

/** Puts the logs of all processes on one terminal, each line under its process's name. */
export function createLogView(options: LogViewOptions): LogView {
  const { write, colors, verbose, nameWidth } = options;
  const pretty = prettyFactory({
    colorize: colors,
    ignore: 'pid,hostname,nodeId,name',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  const prefixes = new Map<string, string>();
  const hidden = new Map<string, string[]>();

  const prefixOf = (process: string): string => {
    const known = prefixes.get(process);
    if (known !== undefined) return known;
    const color = palette[prefixes.size % palette.length] ?? 0;
    const name = `${process.padEnd(nameWidth)} |`;
    const prefix = colors ? `\u001B[${color}m${name}\u001B[0m` : name;
    prefixes.set(process, prefix);
    return prefix;
  };
  const show = (process: string, text: string): void => {
    for (const line of text.trimEnd().split('\n')) write(`${prefixOf(process)} ${line}\n`);
  };

  const hide = (process: string, text: string): void => {
    if (verbose) return show(process, text);
    const kept = hidden.get(process) ?? [];
    hidden.set(process, [...kept, text].slice(-hiddenLines));
  };

  return {
    line(process, text) {
      if (verbose) show(process, text);
      else if (text.startsWith('{')) show(process, pretty(text));
      else if (isNoteworthy(process, text)) show(process, tidied(process, text));
      else hide(process, text);
    },
    hide,
    print: (text) => write(`${text}\n`),
    say: (text) => show('sluice', text),
    showHidden(process) {
      for (const text of hidden.get(process) ?? []) show(process, text);
      hidden.delete(process);
    },
  };
}
