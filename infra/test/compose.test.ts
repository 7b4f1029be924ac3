import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { repositoryPath } from '@sluice/testkit';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>> | readonly string[];
  readonly profiles?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(repositoryPath(path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const gatewayNames = Object.keys(compose.services).filter((name) => name.startsWith('gateway-'));
const needs = ({ depends_on: needed = [] }: Service): readonly string[] =>
  Array.isArray(needed) ? (needed as readonly string[]) : Object.keys(needed);

describe('docker-compose.yml', () => {
  // The specification's own schema, as the linter of compose files carries it.
  const schema = JSON.parse(read('node_modules/dclint/schemas/compose.schema.json')) as Record<
    string,
    unknown
  >;
  // The schema is written in draft 7, whose own name it gives with https, which Ajv does not know.
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile({
    ...schema,
    $schema: 'http://json-schema.org/draft-07/schema#',
  });

  test('is valid by the schema of the Compose Specification', () => {
    expect({ valid: validate(compose), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });

  test('would not be with a misspelt key', () => {
    const front = { ...compose.services['front'], port: ['3000'] };
    expect(validate({ ...compose, services: { ...compose.services, front } })).toBe(false);
  });

  test('mounts only files that exist and volumes that are declared', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((v) => v.split(':')[0] ?? ''));
    expect(sources).toHaveLength(8);
    for (const source of sources) {
      const known = source.startsWith('.') ? existsSync(repositoryPath(source)) : source in compose.volumes;
      expect([source, known]).toEqual([source, true]);
    }
  });

  test('depends on services that exist', () => {
    const wanted = services.flatMap(([, service]) => needs(service));
    expect(wanted.filter((name) => !(name in compose.services))).toEqual([]);
  });

  test('publishes the front and what people look at beside it, on the loopback', () => {
    const published = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([
      ['front', '127.0.0.1:${SLUICE_PORT:-3000}:3000'],
      ['collector', '127.0.0.1:${SLUICE_OTLP_PORT:-4318}:4318'],
      ['prometheus', '127.0.0.1:${SLUICE_PROMETHEUS_PORT:-9090}:9090'],
      ['jaeger', '127.0.0.1:${SLUICE_JAEGER_PORT:-16686}:16686'],
      ['grafana', '127.0.0.1:${SLUICE_GRAFANA_PORT:-3001}:3000'],
    ]);
  });

  test('runs no telemetry without its profile, and needs none', () => {
    const observability = services.filter(([, { profiles }]) => profiles !== undefined);
    const names = observability.map(([name]) => name);
    expect(names).toEqual(['collector', 'prometheus', 'jaeger', 'grafana']);
    for (const [name, service] of services) {
      expect([name, service.profiles]).toEqual([name, names.includes(name) ? ['observability'] : undefined]);
      if (!names.includes(name))
        expect(needs(service).filter((needed) => names.includes(needed))).toEqual([]);
      // What somebody runs tomorrow is what was tried today.
      expect([name, service.image]).toEqual([
        name,
        expect.stringMatching(/:v?\d+\.\d|^sluice-gateway:local$/),
      ]);
    }
  });

  test('lets gateways send telemetry only where somebody says where to', () => {
    for (const name of gatewayNames) {
      expect(compose.services[name]?.environment).toMatchObject({
        OTEL_EXPORTER_OTLP_ENDPOINT: '${OTEL_EXPORTER_OTLP_ENDPOINT:-}',
        OTEL_METRICS_EXPORTER: '${OTEL_METRICS_EXPORTER:-none}',
      });
    }
  });

  test('has Prometheus look at each gateway, at the front and at the Collector', () => {
    const { scrape_configs: jobs } = parse(read('infra/observability/prometheus.yml')) as {
      scrape_configs: { static_configs: { targets: string[]; labels?: { instance: string } }[] }[];
    };
    const targets = jobs.flatMap((job) => job.static_configs).flatMap((group) => group.targets);
    const gateways = gatewayNames.map((name) => `${name}:3100`);
    expect(targets).toEqual([...gateways, 'front:8404', 'collector:8888']);
    expect(compose.services['front']?.environment?.['FRONT_STATS_BIND']).toBe(':8404');
    for (const name of gatewayNames) {
      expect(compose.services[name]?.environment?.['OPERATOR_HOST']).toBe('0.0.0.0');
    }
  });

  test('gives every gateway the name under which the front routes its sessions', () => {
    expect(gatewayNames).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
    for (const [index, name] of gatewayNames.entries()) {
      expect(compose.services[name]?.environment?.['NODE_ID']).toBe(name);
      expect(compose.services['front']?.environment?.[`GATEWAY_${index + 1}`]).toBe(`${name}:3000`);
      expect(read('infra/haproxy/haproxy.cfg')).toMatch(`server ${name} "\${GATEWAY_${index + 1}}"`);
    }
  });

  test('builds from a Dockerfile that exists', () => {
    for (const name of gatewayNames) {
      const { build } = compose.services[name] ?? {};
      expect(existsSync(repositoryPath(build?.dockerfile ?? 'missing'))).toBe(true);
    }
  });
});

describe('the Dockerfile', () => {
  const copies = read('infra/docker/Dockerfile')
    .split('\n')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .map((line) => line.split(/\s+/).slice(1, -1));

  test('copies only what is in the repository and not kept from the build', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const source of copies.flat()) {
      expect([source, existsSync(repositoryPath(source))]).toEqual([source, true]);
      expect(ignored).not.toContain(source.split('/')[0]);
    }
  });

  test('gives npm the manifest of every workspace', () => {
    const folders = ['packages', 'apps'].flatMap((parent) =>
      readdirSync(repositoryPath(parent)).map((name) => `${parent}/${name}`),
    );
    const loadtests = ['loadtests', 'loadtests/peers', 'loadtests/runner'];
    const manifests = [...folders, ...loadtests].map((folder) => `${folder}/package.json`);
    expect(copies.flat().filter((path) => path.includes('/'))).toEqual(
      expect.arrayContaining(manifests.filter((path) => existsSync(repositoryPath(path)))),
    );
  });
});
