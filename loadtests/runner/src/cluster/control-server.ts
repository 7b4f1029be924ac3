import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '@sluice/testkit';
import { loadError } from '../errors.ts';
import type { Controls } from './cluster-under-test.ts';
import type { ControlAnswer, ControlName } from './control-requests.ts';

/** Something that was done to the cluster, as the report shows it. */
export interface FaultSpan {
  readonly name: ControlName;
  readonly startedAt: number;
  /** Undefined while it is under way. */
  endedAt: number | undefined;
}

export interface ControlServer {
  /** What CONTROL is for a scenario. Only who has been told it can ask for anything. */
  readonly url: string;
  /** In the order in which they began. */
  readonly faults: readonly FaultSpan[];
}

const maxBodyBytes = 1_024;
/** An hour: what takes longer is no fault but a new state. */
const maxNumber = 3_600_000;
const numbersOf: Readonly<Record<ControlName, readonly string[]>> = {
  roll: [],
  crash: ['downMs'],
  'restart-redis': ['downMs'],
  slow: ['bytesPerSecond'],
};

/** Does to the cluster what a scenario asks for: `POST <url>/<what>` with its numbers as JSON, answered when it is done. */
export async function startControlServer(scope: Scope, controls: Controls): Promise<ControlServer> {
  const faults: FaultSpan[] = [];
  const secret = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    const answer = async (): Promise<ControlAnswer> => {
      const [, given, what] = (request.url ?? '').split('/');
      if (request.method !== 'POST' || given !== secret) throw loadError('bad_control');
      return await act(controls, faults, what ?? '', await readBody(request));
    };
    answer().then(
      (done) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(done)),
      (error: unknown) =>
        response.writeHead(loadError.is(error, 'bad_control') ? 400 : 500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.onClose(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${secret}`, faults };
}

async function act(
  controls: Controls,
  faults: FaultSpan[],
  what: string,
  body: string,
): Promise<ControlAnswer> {
  const name = what as ControlName;
  const control = Object.hasOwn(numbersOf, name) ? controls[name] : undefined;
  if (control === undefined)
    throw loadError('bad_control', { text: `"${what}" cannot be done to this cluster.` });
  const span: FaultSpan = { name, startedAt: Date.now(), endedAt: undefined };
  faults.push(span);
  try {
    return await control(readNumbers(body, numbersOf[name]) as never);
  } finally {
    span.endedAt = Date.now();
  }
}

function readNumbers(body: string, names: readonly string[]): Readonly<Record<string, number>> {
  let given: Readonly<Record<string, unknown>>;
  try {
    given = JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw loadError('bad_control', { cause });
  }
  const entries = names.map((name): [string, number] => {
    const value = given[name];
    if (typeof value !== 'number' || !(value >= 0 && value <= maxNumber))
      throw loadError('bad_control', { text: `${name} must be a number from 0 to ${maxNumber}.` });
    return [name, value];
  });
  return Object.fromEntries(entries);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > maxBodyBytes) throw loadError('bad_control', { text: 'The request is too long.' });
  }
  return body;
}
