import { openScope } from '@sluice/testkit';
import type { RunRequest } from '../../load-options.mjs';
import { loadError } from './errors.ts';
import { createProgress } from './progress.ts';
import { runScenario } from './run-scenario.ts';

const exitCodes = { passed: 0, failed: 1, crossed: 99 };

/**
 * Runs the scenarios one after the other; resolves to the exit code. The first SIGINT or SIGTERM ends the one that runs before
 * its time, with a report of what there is, and the second one ends everything at once.
 */
export async function main(request: RunRequest & { readonly k6: string }): Promise<number> {
  const scope = openScope();
  const leaving = new AbortController();
  const progress = createProgress(process.stderr, process.stdout, process.env);
  const leave = (): void => {
    if (leaving.signal.aborted) {
      void scope.close().finally(() => process.exit(exitCodes.failed));
      return;
    }
    leaving.abort();
    progress.say('ending it; once more to end at once');
  };
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
  let worst = exitCodes.passed;
  try {
    for (const run of request.runs) {
      if (leaving.signal.aborted) return exitCodes.failed;
      const { passed } = await runScenario(run, {
        request,
        k6: request.k6,
        progress,
        signal: leaving.signal,
        scope,
      });
      if (!passed) worst = exitCodes.crossed;
    }
    return leaving.signal.aborted ? exitCodes.failed : worst;
  } catch (error) {
    if (!loadError.is(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitCodes.failed;
  } finally {
    process.off('SIGINT', leave);
    process.off('SIGTERM', leave);
    await scope.close();
  }
}
