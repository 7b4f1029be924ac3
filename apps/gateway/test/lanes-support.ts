import { readFileSync } from 'node:fs';
import type { Message, Reply, SessionReady } from '@sluice/protocol';
import {
  Journal,
  startFaultProxy,
  within,
  type Answers,
  type FaultProxy,
  type Gateway,
  type PayloadOf,
  type RequestEvent,
  type Scope,
  type Target,
} from '@sluice/testkit';
import { WebSocket } from 'ws';

/** How far a test goes: short enough for every run unless the environment says otherwise. */
export function figureOf(variable: string, fallback: number): number {
  return Number(process.env[variable] ?? fallback);
}

/** Writes what was measured, where `LANES_REPORT` asks for it. */
export function report(title: string, figures: Readonly<Record<string, number>>): void {
  if (process.env['LANES_REPORT'] === undefined) return;
  const rounded = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`);
  process.stderr.write(`${title}: ${rounded.join(', ')}\n`);
}

/** One address for several gateways, as clients know it. */
export interface Balancer extends Target {
  readonly proxy: FaultProxy;
  /** New connections go to these, in turn. */
  route(gateways: readonly Gateway[]): void;
}

export async function startBalancer(scope: Scope, first: Gateway): Promise<Balancer> {
  let routed: readonly Gateway[] = [first];
  let turn = 0;
  const proxy = await startFaultProxy(scope, {
    target() {
      const gateway = routed[turn++ % routed.length] as Gateway;
      const { hostname, port } = new URL(gateway.url);
      return { host: hostname, port: Number(port) };
    },
  });
  return {
    proxy,
    url: proxy.url,
    issuer: first.issuer,
    route(gateways) {
      routed = gateways;
    },
  };
}

/** Reconnects as an ordinary client does, only sooner. */
export const returning = {
  reconnection: true,
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
  randomizationFactor: 0,
} as const;

export async function connectionsOf(gateway: Gateway): Promise<number> {
  return ((await gateway.inspect('/node')) as { connections: number }).connections;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

export const megabyte = 1_048_576;

export interface RawOptions {
  /** Presented as it is. */
  readonly auth: Readonly<Record<string, unknown>>;
  /** Default: the main one. */
  readonly namespace?: string;
  /** Reads its answers alone, and counts its messages, for one that has a lot to say and hears itself. */
  readonly deaf?: boolean;
}

interface Names {
  readonly sid: string;
  readonly pid?: string;
}

/** One connection that speaks Socket.IO by itself, to say what a stock client never would and to see every frame. */
export class RawClient {
  /** What it was sent, but for the heartbeat. */
  readonly frames = new Journal<string>();
  readonly #socket: WebSocket;
  readonly #deaf: boolean;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #requests = 0;
  #messagesHeard = 0;

  constructor(socket: WebSocket, { auth, namespace, deaf = false }: RawOptions) {
    this.#socket = socket;
    this.#deaf = deaf;
    const introduction = `40${namespace === undefined ? '' : `${namespace},`}${JSON.stringify(auth)}`;
    socket.on('message', (data: Buffer) => this.#receive(data.toString(), introduction));
    // What follows an error is the connection's end.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const answer of this.#answers.values()) answer(undefined);
    });
  }

  get messagesHeard(): number {
    return this.#messagesHeard;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Its names, once it has been let in. */
  get names(): Names | undefined {
    const frame = this.frames.entries.find((text) => text.startsWith('40'));
    return frame === undefined ? undefined : (JSON.parse(frame.slice(2)) as Names);
  }

  /** What it was refused with. */
  get refusal(): unknown {
    const frame = this.frames.entries.find((text) => text.startsWith('44'));
    return frame === undefined ? undefined : (JSON.parse(frame.slice(2)) as { data: unknown }).data;
  }

  get events(): ReadonlyArray<readonly [string, ...unknown[]]> {
    return this.frames.entries
      .filter((text) => text.startsWith('42'))
      .map((text) => JSON.parse(text.slice(2)) as [string, ...unknown[]]);
  }

  get messages(): readonly Message[] {
    return this.events.filter(([name]) => name === 'message:new').map(([, payload]) => payload as Message);
  }

  get texts(): readonly string[] {
    return this.messages.map(({ text }) => text);
  }

  /** What a stock client would store and echo. */
  get offset(): string | undefined {
    return this.events.map((event) => event.at(-1)).findLast((last) => typeof last === 'string');
  }

  async untilReady(timeoutMs = 10_000): Promise<SessionReady> {
    return await this.frames.until(
      () => this.events.find(([name]) => name === 'session:ready')?.[1] as SessionReady | undefined,
      { timeoutMs, describe: () => `session:ready; got ${JSON.stringify(this.frames.entries.slice(-10))}` },
    );
  }

  async untilRefused(): Promise<unknown> {
    return await this.frames.until(() => this.refusal, {
      describe: () => `a refusal; got ${JSON.stringify(this.frames.entries.slice(-10))}`,
    });
  }

  async untilText(text: string): Promise<void> {
    await this.frames.until(() => this.texts.includes(text), {
      describe: () => `"${text}"; got ${JSON.stringify(this.frames.entries.slice(-10))}`,
    });
  }

  /** Resolves to true when `count` messages and `session:ready` have come, to false where the connection ends before. */
  async untilMessagesOrEnd(count: number, timeoutMs: number): Promise<boolean> {
    const ended = new AbortController();
    this.#socket.once('close', () => ended.abort());
    if (!this.open) return false;
    try {
      await this.frames.until((frames) => frames.some(isReady) && frames.filter(isMessage).length >= count, {
        timeoutMs,
        signal: ended.signal,
        describe: () => `${count} messages; got ${this.frames.entries.length} frames`,
      });
      return true;
    } catch (error) {
      if (!ended.signal.aborted) throw error;
      return false;
    }
  }

  /** Resolves to the answer's fields; throws where it is refused or the connection ends first. */
  async succeed<Event extends RequestEvent>(
    event: Event,
    payload: PayloadOf<Event>,
    timeoutMs = 10_000,
  ): Promise<Answers[Event]> {
    const id = this.#requests++;
    const answer = new Promise<unknown>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(`42${id}${JSON.stringify([event, payload])}`);
    const reply = (await within(answer, { timeoutMs, describe: () => `${event} is answered` })) as
      Reply<Answers[Event]> | undefined;
    if (reply === undefined) throw new Error(`the connection ended before ${event} was answered`);
    if (!reply.ok) throw new Error(`${event} was refused: ${reply.error.code}`);
    return reply;
  }

  /** Loses its connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  #receive(frame: string, introduction: string): void {
    if (frame === '2') {
      this.#socket.send('3');
    } else if (frame.startsWith('0')) {
      this.#socket.send(introduction);
    } else if (frame.startsWith('43')) {
      const bracket = frame.indexOf('[');
      const id = Number(frame.slice(2, bracket));
      this.#answers.get(id)?.((JSON.parse(frame.slice(bracket)) as unknown[])[0]);
      this.#answers.delete(id);
    } else {
      const isHeard = isMessage(frame);
      if (isHeard) this.#messagesHeard += 1;
      if (!this.#deaf || !isHeard) this.frames.add(frame);
    }
  }
}

function isReady(frame: string): boolean {
  return frame.startsWith('42["session:ready"');
}

function isMessage(frame: string): boolean {
  return frame.startsWith('42["message:new"');
}

/** Opens a connection; whether it is let in is still to be seen. */
export async function openRaw(
  scope: Scope,
  { url }: Pick<Target, 'url'>,
  options: RawOptions,
): Promise<RawClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  });
  const client = new RawClient(socket, options);
  scope.onClose(() => client.cut());
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return client;
}

/** Connects a raw client that must be let in. */
export async function connectRaw(scope: Scope, target: Target, options: RawOptions): Promise<RawClient> {
  const client = await openRaw(scope, target, options);
  await client.untilReady();
  return client;
}
