import type { Program, Step } from './program.ts';

/**
 * Leaves out ever smaller parts of a program as long as what is left still `fails`, until nothing more can go or
 * `deadlineMs` have passed. A program that does not fail each time it runs shrinks less.
 */
export async function shrinkProgram(
  program: Program,
  fails: (candidate: Program) => Promise<boolean>,
  deadlineMs: number,
): Promise<Program> {
  const until = performance.now() + deadlineMs;
  let { steps } = program;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length;) {
      if (performance.now() > until) return { ...program, steps };
      const left: readonly Step[] = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await fails({ ...program, steps: left })) steps = left;
      else from += size;
    }
  }
  return { ...program, steps };
}
