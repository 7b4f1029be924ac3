import { readFileSync } from 'node:fs';
import { peersError } from '../errors.ts';

/** What a process has open beside its clients' connections, generously. */
const otherFiles = 200;

/** Throws `too_few_files` where a Node process started from here could not open so many connections. */
export function requireOpenFiles(connections: number): void {
  const limit = parseOpenFileLimit(readFileSync('/proc/self/limits', 'utf8'));
  if (connections + otherFiles <= limit) return;
  const text = `${connections} connections need "ulimit -n ${connections + otherFiles}"; it is ${limit}`;
  throw peersError('too_few_files', { text });
}

/** The hard limit, to which Node raises its own. */
export function parseOpenFileLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
}
