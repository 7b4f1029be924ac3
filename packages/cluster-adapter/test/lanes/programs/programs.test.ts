import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SeededRandom, startRedis, withScope } from '@sluice/testkit';
import { memoryGround, patientGround, type Ground } from '../lanes-ground.ts';
import { judgeStory } from './judge-story.ts';
import { describeStep, randomProgram, type Program } from './program.ts';
import { runProgram } from './run-program.ts';
import { shrinkProgram } from './shrink-program.ts';
import { slowLog } from './slow-log.ts';

// The same programs each time, so that a run says something of the change before it. PROGRAMS=… runs so many others, drawn
// anew; SEED=… one of them again.
const { SEED: seed, PROGRAMS: programs } = process.env;
const stepsPerProgram = 60;
const shrinkMs = 30_000;

function seeds(usual: number): number[] {
  if (seed !== undefined) return [Number(seed)];
  if (programs !== undefined) return Array.from({ length: Number(programs) }, () => randomInt(1_000_000_000));
  return Array.from({ length: usual }, (_, index) => index + 1);
}

async function faultsOf(program: Program, newGround: () => Ground): Promise<string[]> {
  return await withScope(async (scope) => judgeStory(await runProgram(scope, newGround(), program)));
}

async function expectKept(seedOfProgram: number, newGround: () => Ground): Promise<void> {
  const program = randomProgram(new SeededRandom(seedOfProgram), stepsPerProgram);
  const faults = await faultsOf(program, newGround);
  if (faults.length === 0) return;
  const fails = async (candidate: Program): Promise<boolean> =>
    (await faultsOf(candidate, newGround)).length > 0;
  const small = await shrinkProgram(program, fails, shrinkMs);
  const again = await faultsOf(small, newGround);
  throw new Error(
    [
      `SEED=${seedOfProgram}: ${faults.join('; ')}`,
      `in short, on ${small.nodes} nodes: ${again.join('; ') || 'nothing, this time'}`,
      ...small.steps.map((step) => `  ${describeStep(step)}`),
    ].join('\n'),
  );
}

describe('a random program keeps the guarantees', () => {
  test.each(seeds(40))('in memory, SEED=%d', async (one) => {
    const newGround = (): Ground => {
      const random = new SeededRandom(one);
      const maxTurns = random.pick([0, 3, 12]);
      return memoryGround((log) => slowLog(log, random.fork(), maxTurns));
    };
    await expect(expectKept(one, newGround)).resolves.toBeUndefined();
  });

  test.each(seeds(4))('over Redis, SEED=%d', async (one) => {
    await withScope(async (scope) => {
      const redis = await startRedis(scope, { conf: { appendonly: 'no' } });
      let clusters = 0;
      const newGround = (): Ground => patientGround(redis, `p${(clusters += 1)}`);
      await expect(expectKept(one, newGround)).resolves.toBeUndefined();
    });
  });
});
