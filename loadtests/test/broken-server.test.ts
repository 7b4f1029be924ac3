import { afterEach, expect, test } from '@jest/globals';
import { openScope } from '@sluice/testkit';
import { scenarioNames, scenarios } from '../catalogue.mjs';
import { startControlServer } from '../runner/src/cluster/control-server.ts';
import { createSlowAddress } from '../runner/src/cluster/slow-address.ts';
import { startBrokenServer, type Fault } from './broken-server.ts';
import { describeWithK6, runK6, type K6Run } from './k6.ts';

const scope = openScope(afterEach);

type ScenarioName = keyof typeof scenarios;

/** As small as can be while every receiver still hears enough for every fault to be done to it. */
const small = { MEMBERS: 6, MEMBERS_PER_VU: 3, GATHER_SECONDS: 1, SECONDS: 3, EVERY_MS: 120, P95_MS: 60_000 };
const sizes: Readonly<Record<ScenarioName, Readonly<Record<string, number>>>> = {
  smoke: { ...small, ROOMS: 2, CUT: 0.5 },
  ramp: { ...small, ROOMS: 2 },
  // So that nobody is in all of them.
  rooms: { ...small, ROOMS: 4, ROOMS_EACH: 2, ZIPF: 0, THINK_MS: 80 },
  fanout: { ...small, SPEAKERS: 3, MEMBERS: 5 },
  private: { ...small, PARTNERS: 1, EVERY_MS: 80 },
  churn: { ...small, ROOMS: 2, SPEAKERS: 4, STAY_MS: 500 },
  storm: { ...small, ROOMS: 2, CUT: 0.5 },
  rolling: { ...small, ROOMS: 2 },
  crash: { ...small, ROOMS: 2, DOWN_SECONDS: 1 },
  redis: { ...small, ROOMS: 2, DOWN_SECONDS: 1 },
  slow: { ...small, SLOW: 1, BYTES_PER_SECOND: 4_000, TEXT_LENGTH: 200, CATCH_UP_SECONDS: 20 },
  spike: { ...small, ROOMS: 2, SPIKE_MEMBERS: 2, SPIKE_SECONDS: 1, AFTER_SECONDS: 0 },
  soak: { ...small, ROOMS: 2, CUT_EVERY_SECONDS: 2, CHECK_EVERY_SECONDS: 1 },
  breakpoint: { ...small, STEPS: 2, ROOM_SIZE: 3 },
};

/** What is counted of each fault. */
const counterOf: Readonly<Record<Fault, string>> = {
  drop: 'sluice_lost',
  repeat: 'sluice_duplicated',
  swap: 'sluice_out_of_order',
  misplace: 'sluice_lost',
  leak: 'sluice_stray',
  forget: 'sluice_false_recovery',
};

async function runAgainst(
  faults: readonly Fault[],
  scenario: ScenarioName,
  env: Readonly<Record<string, number>> = {},
): Promise<K6Run> {
  const server = await startBrokenServer(scope, faults);
  const control = await startControlServer(scope, {
    roll: () => Promise.resolve(server.cutAll()).then(() => ({})),
    crash: () => Promise.resolve(server.cutAll()).then(() => ({})),
    'restart-redis': ({ downMs }) => server.hold(downMs).then(() => ({})),
    slow: createSlowAddress(scope, server.url),
  });
  const size = Object.entries({ ...sizes[scenario], ...env }).map(([name, value]) => [name, String(value)]);
  return await runK6(`scenarios/${scenario}.ts`, {
    ...(Object.fromEntries(size) as Record<string, string>),
    TARGET: server.url,
    CONTROL: control.url,
  });
}

describeWithK6('smoke', () => {
  test('passes on a server that is not broken', async () => {
    const { code, crossed, output } = await runAgainst([], 'smoke');
    expect({ code, crossed, output }).toEqual({ code: 0, crossed: [], output });
  });

  test.each<[Fault, string[]]>([
    ['drop', ['sluice_lost']],
    ['repeat', ['sluice_duplicated']],
    ['swap', ['sluice_out_of_order']],
    ['misplace', ['sluice_lost']],
    ['leak', ['sluice_stray']],
    ['forget', ['sluice_false_recovery', 'sluice_lost']],
  ])('fails for this and nothing else on a server that does it: %s', async (fault, thresholds) => {
    // What is dropped from a recovery makes it a false one, too.
    const { code, crossed, output } = await runAgainst([fault], 'smoke', {
      CUT: fault === 'forget' ? 0.5 : 0,
    });
    expect({ code, crossed, output }).toEqual({ code: 99, crossed: thresholds, output });
  });
});

describeWithK6('breakpoint', () => {
  test('says that nothing broke, and at what load, on a server that bears its last step', async () => {
    const { code, crossed, output } = await runAgainst([], 'breakpoint', { P95_MS: 60_000 });
    expect({ code, crossed, output }).toEqual({ code: 0, crossed: [], output });
    expect(output).toMatch(/broke nowhere up to the last step, at \d+ members, .*; raise MEMBERS$/m);
  });
});

describeWithK6('on a server that does all that a scenario claims to catch, this one fails for it:', () => {
  const rows = (scenarioNames as ScenarioName[]).flatMap((scenario) => {
    const claimed = scenarios[scenario].catches as readonly Fault[];
    // In two runs, so that nothing that is counted in one of them can come of more than one fault.
    const onTheWay = claimed.filter((fault) => ['drop', 'repeat', 'swap'].includes(fault));
    const otherwise = claimed.filter((fault) => !onTheWay.includes(fault));
    return [onTheWay, otherwise].map((faults): [ScenarioName, string, readonly Fault[]] => [
      scenario,
      faults.join(', '),
      faults,
    ]);
  });

  test.each(rows)('%s: %s', async (scenario, _names, faults) => {
    const { code, crossed, output } = await runAgainst(faults, scenario);
    const expected = faults.map((fault) => counterOf[fault]);
    const missed = expected.filter((counter) => !crossed.includes(counter));
    expect({ code, missed, output }).toEqual({ code: 99, missed: [], output });
  });
});
