import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { sessionOutcomes } from '@sluice/telemetry';
import {
  collectorAvailable,
  collectorProgram,
  openScope,
  repositoryPath,
  startCollector,
} from '@sluice/testkit';
import { parse } from 'yaml';

type Components = Readonly<Record<string, unknown>>;

interface Policy {
  readonly name: string;
  readonly string_attribute?: { readonly key: string; readonly values: readonly string[] };
}

interface Configuration {
  readonly receivers: Components;
  readonly processors: Components & {
    readonly tail_sampling: { readonly policies: readonly Policy[] };
  };
  readonly exporters: Components;
  readonly service: {
    readonly pipelines: Readonly<Record<string, Readonly<Record<Kind, readonly string[]>>>>;
  };
}

const kinds = ['receivers', 'processors', 'exporters'] as const;
type Kind = (typeof kinds)[number];

const scope = openScope(afterEach);
const path = repositoryPath('infra/observability/otel-collector.yaml');
const config = readFileSync(path, 'utf8');
const shipped = parse(config) as Configuration;

/** On a machine that cannot build the Collector, one test that it says so stands in the place of these. */
function describeWithCollector(name: string, body: () => void): void {
  if (collectorAvailable()) {
    // oxlint-disable-next-line jest/valid-title, jest/valid-describe-callback -- those of the caller
    describe(name, body);
    return;
  }
  // oxlint-disable-next-line jest/valid-title -- that of the caller
  describe(name, () => {
    test('cannot be tried without a Collector, and whoever asks for one is told that it is missing', async () => {
      await expect(startCollector(scope, { config })).rejects.toMatchObject({ code: 'program_missing' });
    });
  });
}

describe("the Collector's configuration", () => {
  const pipelines = Object.values(shipped.service.pipelines);

  test.each(kinds)('names no %s but those it defines, and defines none for nothing', (kind) => {
    const used = new Set(pipelines.flatMap((pipeline) => pipeline[kind]));
    expect([...used].toSorted()).toEqual(Object.keys(shipped[kind]).toSorted());
  });

  test('guards its memory first in each pipeline', () => {
    for (const { processors } of pipelines) expect(processors[0]).toBe('memory_limiter');
  });

  test('keeps the trace of each client that came back with a session, whatever became of it', () => {
    const { policies } = shipped.processors.tail_sampling;
    const policy = policies.find(({ name }) => name === 'recoveries')?.string_attribute;
    const brought = sessionOutcomes.filter((outcome) => !['new', 'off', 'fresh'].includes(outcome));
    expect({ ...policy, values: policy?.values.toSorted() }).toEqual({
      key: 'sluice.recovery.outcome',
      values: brought.toSorted(),
    });
  });
});

describeWithCollector('a Collector with it', () => {
  test('finds it valid as it stands', async () => {
    const { stderr } = await promisify(execFile)(collectorProgram(), ['validate', '--config', path]);
    expect(stderr).toBe('');
  });

  test('keeps traces with errors, slow and recovered ones whole, and of others the share', async () => {
    const collector = async (percent: number) =>
      await startCollector(scope, {
        config,
        env: { TAIL_SAMPLING_PERCENT: String(percent) },
      });
    const [none, all] = await Promise.all([collector(0), collector(100)]);
    for (const { url } of [none, all]) {
      await send(url, [{ name: 'ordinary' }, { name: 'ordinary' }]);
      // What decides about a trace may be in any of its spans, and come late.
      await send(url, [{ name: 'failed' }, { name: 'failed', failed: true }]);
      await send(url, [{ name: 'slow' }, { name: 'slow', durationMs: 600 }]);
      const recovered = { 'sluice.recovery.outcome': 'recovered' };
      await send(url, [{ name: 'recovered' }, { name: 'recovered', attributes: recovered }]);
    }
    // They decide about what they still hold.
    await Promise.all([none.close(), all.close()]);
    const kept = (from: typeof none): string[] => from.spans.entries.map(({ name }) => name).toSorted();
    const important = ['failed', 'failed', 'recovered', 'recovered', 'slow', 'slow'];
    expect(kept(none)).toEqual(important);
    expect(kept(all)).toEqual([...important, 'ordinary', 'ordinary'].toSorted());
  });

  test('takes spans from pages of this machine and of no other', async () => {
    const { url } = await startCollector(scope, { config });
    const allowed = async (origin: string): Promise<string | null> => {
      const headers = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      };
      const response = await fetch(`${url}/v1/traces`, { method: 'OPTIONS', headers });
      return response.headers.get('access-control-allow-origin');
    };
    expect(await allowed('http://localhost:3000')).toBe('http://localhost:3000');
    expect(await allowed('http://127.0.0.1:3000')).toBe('http://127.0.0.1:3000');
    expect(await allowed('https://example.org')).toBeNull();
  });
});

interface SpanToSend {
  readonly name: string;
  readonly failed?: boolean;
  readonly durationMs?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Sends the spans of one trace, each in a request of its own, as different nodes would. */
async function send(url: string, spans: readonly SpanToSend[]): Promise<void> {
  const traceId = randomBytes(16).toString('hex');
  const startMs = Date.now();
  for (const { name, failed = false, durationMs = 1, attributes = {} } of spans) {
    const span = {
      traceId,
      spanId: randomBytes(8).toString('hex'),
      name,
      kind: 1,
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${startMs + durationMs}000000`,
      attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
      status: failed ? { code: 2 } : {},
    };
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
    });
    expect([response.status, await response.json()]).toEqual([200, { partialSuccess: {} }]);
  }
}
