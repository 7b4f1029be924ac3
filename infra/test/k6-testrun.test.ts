import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';
import { parse } from 'yaml';

interface Pod {
  readonly image: string;
  readonly env: readonly { readonly name: string }[];
}

interface TestRun {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: {
    readonly parallelism: number;
    readonly script: { readonly configMap: { readonly name: string; readonly file: string } };
    readonly runner: Pod;
    readonly initializer: Pod;
  };
}

const text = readFileSync(repositoryPath('infra/k6/testrun.yaml'), 'utf8');
const { apiVersion, kind, spec } = parse(text) as TestRun;

test('the TestRun shares what its instructions write, with the k6 that writes it', () => {
  expect({ apiVersion, kind }).toEqual({ apiVersion: 'k6.io/v1alpha1', kind: 'TestRun' });
  const [, instances, archive] = /INSTANCES=(\d+) --archive (\S+)/.exec(text) ?? [];
  const [, configMap] = /create configmap (\S+)/.exec(text) ?? [];
  expect(spec.parallelism).toBe(Number(instances));
  expect(spec.script.configMap).toEqual({ name: configMap, file: archive });
  const version = /k6Version = '(.*)'/.exec(readFileSync(repositoryPath('infra/setup/k6.mjs'), 'utf8'))?.[1];
  expect(spec.runner.image).toBe(`grafana/k6:${version}`);
  expect(spec.initializer).toEqual(spec.runner);
});

test('its environment is what the load tests read', () => {
  const settings = readFileSync(repositoryPath('loadtests/settings.ts'), 'utf8');
  const read = [...settings.matchAll(/__ENV\['(\w+)'\]/g)].map(([, name]) => name);
  const given = spec.runner.env.map(({ name }) => name);
  expect(given).toEqual(['TARGET', 'RUN', 'JWT_SECRET']);
  expect(read).toEqual(expect.arrayContaining(given));
});
