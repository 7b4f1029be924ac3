import { describe, expect, jest, test } from '@jest/globals';
import { requestClientConfig } from '../src/trace/client-config.ts';
import { createPageTracing, type TracingSettings } from '../src/trace/page-tracing.ts';
import type { Tracing } from '../src/trace/tracing.ts';
import { collectSpans } from './collected-spans.ts';
import { settled } from './fixtures.ts';

const settings: TracingSettings = { endpoint: 'https://otel.example/v1/traces', ratio: 0.5 };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Does both things that are traced; says whether they were carried out. */
async function use(tracing: Tracing): Promise<boolean> {
  let taken = false;
  tracing.sending(false).answered({ ok: true });
  tracing.hearing(traceparent, () => {
    taken = true;
  });
  await settled();
  return taken;
}

describe('the tracing of a page', () => {
  test('begins when what it takes is loaded, which nothing waits for', async () => {
    const { tracing, spans } = collectSpans();
    let bring: (loaded: Tracing) => void = () => undefined;
    const load = jest.fn(async () => new Promise<Tracing>((resolve) => (bring = resolve)));
    const page = createPageTracing(Promise.resolve({ tracing: settings }), load);
    expect(await page.wanted).toBe(true);
    expect(load.mock.calls).toEqual([[settings]]);
    expect(await use(page)).toBe(true);
    expect(spans).toEqual([]);
    bring(tracing);
    await settled();
    expect(await use(page)).toBe(true);
    expect(spans.map(({ name }) => name)).toEqual(['send message:send', 'process message:new']);
  });

  test.each([
    ['is not configured', Promise.resolve({})],
    ['has a configuration that cannot be had', Promise.reject(new Error('offline'))],
  ])('that %s loads nothing and does nothing', async (_, config) => {
    const load = jest.fn(async () => collectSpans().tracing);
    const page = createPageTracing(config, load);
    expect(await page.wanted).toBe(false);
    expect(await use(page)).toBe(true);
    expect(load).not.toHaveBeenCalled();
  });

  test('that cannot be loaded does nothing', async () => {
    const page = createPageTracing(Promise.resolve({ tracing: settings }), async () =>
      Promise.reject(new Error('no such file')),
    );
    await settled();
    expect(await use(page)).toBe(true);
  });
});

describe('what the gateway says about it', () => {
  const answering = (body: string, status = 200) =>
    (async () => new Response(body, { status })) as typeof fetch;

  test('is taken as it is, and nothing besides', async () => {
    const body = { tracing: { ...settings, later: true }, later: true };
    expect(await requestClientConfig(answering(JSON.stringify(body)))).toEqual({ tracing: settings });
  });

  test.each([
    ['nothing', '{}', 200],
    ['half of it', '{"tracing":{"endpoint":"https://otel.example"}}', 200],
    ['something else', '{"tracing":true}', 200],
    ['no object', '7', 200],
    ['that there is no such thing', '{"error":{"code":"not_found"}}', 404],
  ])('may be %s, which is no tracing', async (_, body, status) => {
    expect(await requestClientConfig(answering(body, status))).toEqual({});
  });

  test('is asked for with a limit', async () => {
    let asked: AbortSignal | null | undefined;
    const never = (async (_: unknown, init?: RequestInit) => {
      asked = init?.signal;
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    }) as typeof fetch;
    await expect(requestClientConfig(never)).rejects.toThrow('aborted');
    expect(asked?.reason).toMatchObject({ name: 'TimeoutError' });
  });
});
