import { describe, expect, test } from '@jest/globals';
import { scenarioNames } from '../catalogue.mjs';
import { helpFor, parseOptions, UsageError, type RunRequest } from '../load-options.mjs';

function parse(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunRequest {
  const request = parseOptions(args, env, '/here', '/results');
  if (request.kind !== 'run') throw new Error(`not a run: ${request.kind}`);
  return request;
}

function faultsOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    parse(args, env);
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('what is asked for', () => {
  test('is one scenario at its default size, on a cluster of three', () => {
    const request = parse(['storm']);
    expect(request).toMatchObject({ nodes: 3, target: undefined, driver: undefined, out: '/results' });
    expect(request.runs).toMatchObject([{ name: 'storm', size: { MEMBERS: 60, CUT: 0.8 }, given: {} }]);
  });

  test('is several, once each and in their order, or all', () => {
    expect(parse(['storm', 'smoke', 'storm']).runs.map(({ name }) => name)).toEqual(['storm', 'smoke']);
    expect(parse(['all']).runs.map(({ name }) => name)).toEqual(scenarioNames);
  });

  test('is sized by words and by the environment, of which words win; a run knows what is not at its default', () => {
    const [run] = parse(['smoke', 'MEMBERS=8', 'ROOMS=4'], { MEMBERS: '9', SECONDS: '5', SLOW: '3' }).runs;
    expect(run?.size).toMatchObject({ MEMBERS: 8, SECONDS: 5, ROOMS: 4 });
    expect(run?.given).toEqual({ MEMBERS: 8, SECONDS: 5 });
  });

  test('has paths relative to where it was typed', () => {
    const request = parse(['smoke', '--out', 'there', 'TOKENS=tokens.txt', 'TARGET=https://chat.example/']);
    expect(request).toMatchObject({
      out: '/here/there',
      tokenFile: '/here/tokens.txt',
      target: 'https://chat.example',
    });
  });

  test('has commands for what a given cluster is to suffer', () => {
    const { commands } = parse(['rolling', '--roll', 'kubectl rollout restart x'], { TARGET: 'http://x' });
    expect(commands).toEqual({ roll: 'kubectl rollout restart x' });
  });

  test('may be to write a scenario down for several k6, which share its members evenly', () => {
    const args = ['storm', 'MEMBERS=80', 'INSTANCES=4', 'TOKENS=t', '--archive', 'x.tar'];
    expect(parseOptions(args, {}, '/here', '/')).toMatchObject({
      kind: 'archive',
      instances: 4,
      tokenFile: '/here/t',
      file: '/here/x.tar',
      run: { name: 'storm' },
    });
  });

  test('may be help, of everything or of one', () => {
    expect(parseOptions(['--help'], {}, '/', '/')).toEqual({ kind: 'help', scenario: undefined });
    expect(parseOptions(['slow', '-h'], {}, '/', '/')).toEqual({ kind: 'help', scenario: 'slow' });
    for (const name of scenarioNames)
      expect(helpFor(undefined)).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    expect(helpFor('slow')).toContain('BYTES_PER_SECOND');
    const lines = [helpFor(undefined), ...scenarioNames.map(helpFor)].flatMap((text) => text.split('\n'));
    expect(lines.filter((line) => line.length > 130)).toEqual([]);
  });
});

describe('is refused, with all that is wrong with it:', () => {
  test.each<[string[], Record<string, string>, (string | RegExp)[]]>([
    [[], {}, [/^name a scenario: smoke, /]],
    [['smok', '--nodes', '0'], {}, [/^"smok" is no scenario/, /^--nodes must be/]],
    [
      ['smoke', 'MEMBERS=many', 'CUT=2'],
      {},
      ['MEMBERS=many is not a whole number from 1 on', /^CUT=2 is not/],
    ],
    [['smoke', 'SLOW=2'], {}, [/^SLOW is no variable of smoke/]],
    [['smoke', 'a=2'], {}, ['"a=" is no variable', /^a is no variable/]],
    [['smoke', '--driver', 'x'], {}, [/^--driver must be of lanes/]],
    [['smoke', '--fast'], {}, [/--fast/]],
    [['smoke'], { TARGET: 'chat.example' }, [/^TARGET must be/]],
    [['smoke'], { TARGET: 'http://x/path' }, [/^TARGET must be/]],
    [
      ['smoke'],
      { TARGET: 'http://ann:s3cret@x' },
      ['TARGET must be http://host or https://host, without a user or a path'],
    ],
    [['smoke', 'ROOMS=0'], {}, ['ROOMS=0 is not a whole number from 1 on']],
    [['crash', 'redis'], { TARGET: 'http://x' }, [/^with TARGET, crash needs/, /^with TARGET, redis needs/]],
    [['rolling', '--roll', 'x'], {}, [/^--roll is for a given cluster/]],
    [['smoke', 'INSTANCES=2'], {}, [/^INSTANCES is for --archive/]],
    [['smoke', 'INSTANCES=3', '--archive', 'x'], {}, ['3 k6 cannot share 20 members, 5 to a VU, evenly']],
    [
      ['smoke', 'storm', 'INSTANCES=0', '--archive', 'x'],
      {},
      ['--archive takes one scenario', /^INSTANCES=0/],
    ],
  ])('%j %j', (args, env, faults) => {
    expect(faultsOf(args, env)).toEqual(
      faults.map((fault) => (typeof fault === 'string' ? fault : expect.stringMatching(fault))),
    );
  });
});
