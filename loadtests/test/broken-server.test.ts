import { afterEach, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { startBrokenServer, type Fault } from './broken-server.ts';
import { describeWithK6, runK6, type K6Run } from './k6.ts';

const scope = openScope(afterEach);

async function runAgainst(fault: Fault | undefined, scenario = 'smoke'): Promise<K6Run> {
  const TARGET = await startBrokenServer(scope, fault);
  return await runK6(`scenarios/${scenario}.ts`, {
    TARGET,
    MEMBERS: '6',
    ROOMS: '2',
    SECONDS: '3',
    GATHER_SECONDS: '1',
    EVERY_MS: '150',
    P95_MS: '60000',
    // Else what is dropped from a recovery makes it a false one.
    CUT: fault === undefined || fault === 'forget' ? '0.5' : '0',
  });
}

describeWithK6('smoke', () => {
  test('passes on a server that is not broken', async () => {
    const { code, crossed, output } = await runAgainst(undefined);
    expect({ code, crossed, output }).toEqual({ code: 0, crossed: [], output });
  });

  test.each<[Fault, string[]]>([
    ['drop', ['sluice_lost']],
    ['repeat', ['sluice_duplicated']],
    ['swap', ['sluice_out_of_order']],
    ['forget', ['sluice_false_recovery', 'sluice_lost']],
    ['misplace', ['sluice_lost']],
  ])('fails on a server that does this: %s', async (fault, thresholds) => {
    const { code, crossed, output } = await runAgainst(fault);
    expect({ code, crossed, output }).toEqual({ code: 99, crossed: thresholds, output });
  });
});

describeWithK6('storm', () => {
  test('fails on a server that says recovered, and brings nothing of what was missed', async () => {
    const { code, crossed, output } = await runAgainst('forget', 'storm');
    const thresholds = ['sluice_false_recovery', 'sluice_lost', 'sluice_replayed'];
    expect({ code, crossed, output }).toEqual({ code: 99, crossed: thresholds, output });
  });
});
