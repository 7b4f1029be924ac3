import type { HistoryPage, Message, MessageSend } from '@sluice/protocol';
import type { Answer, Requests, Wire } from '../src/connection/wire.ts';
import { message } from './fixtures.ts';

const lost = { ok: false, error: { code: 'connection_lost', message: 'lost', retryable: true } } as const;

/** A cluster of one client: its rooms' histories, and how it answers. */
export class FakeCluster implements Wire {
  readonly histories = new Map<string, Message[]>();
  readonly requests: string[] = [];
  /** What was sent, each time. */
  readonly sent: MessageSend[] = [];
  connected = false;
  pageSize = 5;
  /** Answers in place of the cluster. */
  interfere: (event: string) => Answer | undefined = () => undefined;
  /** Called once a sent message is in the history and before it is acknowledged. */
  stored: (message: Message) => void = () => undefined;

  setTyping(): void {
    this.requests.push('typing:set');
  }

  /** Puts messages into the history, as others' or as ones whose acknowledgement was lost. */
  say(...messages: readonly Message[]): void {
    for (const said of messages) this.#history(said.room).push(said);
  }

  async request<Event extends keyof Requests>(
    event: Event,
    payload: Requests[Event]['payload'],
  ): Promise<Answer<Requests[Event]['fields']>> {
    if (!this.connected) return lost;
    this.requests.push(`${event} ${payload.room}`);
    if (event === 'message:send') this.sent.push(payload as MessageSend);
    await Promise.resolve();
    const answer = this.interfere(event) ?? this.#answer(event, payload);
    return this.connected ? answer : lost;
  }

  #answer(event: string, payload: Requests[keyof Requests]['payload']): Answer {
    if (event === 'message:send') return this.#store(payload as MessageSend);
    if (event !== 'history:read') return { ok: true };
    return { ok: true, ...this.#page(payload.room, 'before' in payload ? payload.before : undefined) };
  }

  #page(room: string, before: string | undefined): HistoryPage {
    const history = this.#history(room);
    const end = before === undefined ? history.length : history.findIndex(({ id }) => id === before);
    const start = Math.max(0, end - this.pageSize);
    return { messages: history.slice(start, end), more: start > 0 };
  }

  #store({ room, text, clientId }: MessageSend): Answer {
    const history = this.#history(room);
    const known = history.find((each) => each.clientId === clientId && each.user === 'Ana');
    const kept = known ?? message(history.length + 1, { room, text, clientId, user: 'Ana' });
    if (known === undefined) {
      history.push(kept);
      this.stored(kept);
    }
    return { ok: true, id: kept.id, sentAt: kept.sentAt } as Answer;
  }

  #history(room: string): Message[] {
    const history = this.histories.get(room) ?? [];
    this.histories.set(room, history);
    return history;
  }
}
