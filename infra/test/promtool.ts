import { execFile } from 'node:child_process';
import { requireProgram } from '@sluice/testkit';

export interface PromtoolResult {
  readonly code: number;
  /** All it said, on either stream. */
  readonly output: string;
}

/** Runs Prometheus's own checker, with `input` on its stdin. */
export async function promtool(args: readonly string[], input = ''): Promise<PromtoolResult> {
  return await new Promise((resolve) => {
    const child = execFile(requireProgram('promtool'), args, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
    child.stdin?.end(input);
  });
}
