import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readyOrEnded, spawnChild, type Child } from '../child.ts';
import { testkitError } from '../errors.ts';
import { eventually } from '../eventually.ts';
import { freePorts } from '../port.ts';
import { repositoryPath } from '../repository.ts';
import { openScope, type Scope } from '../scope.ts';
import { secretNet } from '../secret-net.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import { followSpans } from './span-file.ts';

export interface CollectorOptions {
  /**
   * YAML, with receiver `otlp` and pipeline `traces`. Where it listens, and that spans go to a file and nowhere else, is
   * added to it, and wins over what it says of these.
   */
  readonly config: string;
  /** What its `${env:NAME}` stand for. */
  readonly env?: Readonly<Record<string, string>>;
}

/** To a test the same as {@link startOtlpReceiver}; its `spans` are what came out at its other end. */
export interface Collector extends Pick<OtlpReceiver, 'url' | 'spans'> {
  readonly child: Child;
  /** Ends it as an operator would; afterwards `spans` has all it had to say. */
  close(): Promise<void>;
}

/** Where `npm test` builds the OpenTelemetry Collector to. */
export function collectorProgram(): string {
  const manifest = readFileSync(repositoryPath('infra/observability/collector/go.mod'), 'utf8');
  const [, version = 'unknown'] = /\/otelcol v(\S+)/.exec(manifest) ?? [];
  return repositoryPath(`.sluice/collector/${version}/otelcol`);
}

/** False on machines without Go, where {@link startOtlpReceiver} has to do. */
export function collectorAvailable(): boolean {
  return existsSync(collectorProgram());
}

/** Starts the real OpenTelemetry Collector on the loopback; resolves when its pipelines run. */
export async function startCollector(scope: Scope, options: CollectorOptions): Promise<Collector> {
  if (!collectorAvailable()) {
    const text = `${collectorProgram()} is missing; "npm test" builds it where the machine has Go`;
    throw testkitError('program_missing', { text });
  }
  const own = openScope();
  scope.onClose(() => own.close());
  const dir = mkdtempSync(join(tmpdir(), 'sluice-test-collector-'));
  own.onClose(() => rmSync(dir, { recursive: true, force: true }));
  const [http, grpc, health] = await freePorts(own, 3);
  const spanFile = join(dir, 'spans.jsonl');
  own.onClose(() => {
    if (existsSync(spanFile)) secretNet.check('what came to the Collector', readFileSync(spanFile));
  });
  const configs = {
    'given.yaml': options.config,
    'own.yaml': JSON.stringify({
      receivers: {
        otlp: {
          protocols: {
            http: { endpoint: `127.0.0.1:${http}` },
            grpc: { endpoint: `127.0.0.1:${grpc}` },
          },
        },
      },
      exporters: { file: { path: spanFile, flush_interval: '50ms' } },
      extensions: { health_check: { endpoint: `127.0.0.1:${health}` } },
      service: {
        extensions: ['health_check'],
        // It would listen on a port of its own.
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { exporters: ['file'] } },
      },
    }),
  };
  for (const [name, text] of Object.entries(configs)) writeFileSync(join(dir, name), text);
  const child = await spawnChild(own, {
    name: 'the Collector',
    command: collectorProgram(),
    args: Object.keys(configs).map((name) => `--config=file:${join(dir, name)}`),
    env: options.env ?? {},
  });
  await readyOrEnded(child, 'the Collector', (signal) =>
    eventually(async () => (await fetch(`http://127.0.0.1:${health}`)).ok, {
      describe: () => `the Collector is healthy; ${child.tail()}`,
      signal,
    }),
  );
  const { spans, readRest } = followSpans(own, spanFile);
  return {
    url: `http://127.0.0.1:${http}`,
    spans,
    child,
    async close() {
      await child.end();
      readRest();
      await own.close();
    },
  };
}
