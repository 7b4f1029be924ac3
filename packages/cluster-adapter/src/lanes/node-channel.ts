import { deserialize, serialize } from 'node:v8';
import { systemClock, type Clock } from '@sluice/kernel';
import type { ClusterLog, LogReceipt, Position } from '../log/cluster-log.ts';
import { decodeEnvelope, encodeEnvelope } from './envelope.ts';
import type { Followed } from './followed.ts';
import type { Lane } from './lane.ts';
import { clusterTopic, nodeTopic } from './topic.ts';

/** What must reach every node that has the namespace, in the order of the log. */
export interface NodeCommand {
  readonly namespace: string;
  readonly op: 'join' | 'leave' | 'disconnect' | 'serverSideEmit';
  readonly filter?: { readonly rooms: readonly string[]; readonly except: readonly string[] };
  readonly rooms?: readonly string[];
  readonly close?: boolean;
  readonly args?: readonly unknown[];
}

/** What every node that has the namespace answers. */
export interface NodeRequest {
  readonly namespace: string;
  readonly op: 'fetchSockets' | 'serverSideEmit' | 'broadcast';
  readonly filter?: { readonly rooms: readonly string[]; readonly except: readonly string[] };
  readonly flags?: { readonly compress?: boolean; readonly volatile?: boolean };
  readonly args?: readonly unknown[];
}

/**
 * Called any number of times. `more`: an answer that settles nothing; `settled`: nobody waits
 * for this node any more; `absent`: nor is there a value.
 */
export type Answer = (value: unknown, state: 'more' | 'settled' | 'absent') => void;

export interface NodeHandler {
  onCommand(command: NodeCommand, from: string, position: Position): void;
  onRequest(request: NodeRequest, answer: Answer): void;
  onFence(sid: string, generation: number): void;
}

type Sent =
  | { readonly kind: 'request'; readonly id: number; readonly from: string; readonly request: NodeRequest }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly from: string;
      readonly value: unknown;
      readonly state: 'more' | 'settled' | 'absent';
    }
  | { readonly kind: 'fence'; readonly namespace: string; readonly sid: string; readonly generation: number }
  | { readonly kind: 'canary'; readonly sentAt: number };

interface Pending {
  readonly missing: Set<string>;
  readonly onAnswer: (value: unknown, from: string) => void;
  readonly onSettled: (member: string) => void;
}

export interface NodeChannelOptions {
  readonly uid: string;
  readonly handlerOf: (namespace: string) => NodeHandler | undefined;
  readonly onCanary: (lagMs: number) => void;
  readonly onFault: (fault: { readonly operation: string; readonly cause: unknown }) => void;
  readonly clock?: Clock;
}

// Commands are for the nodes that live now; one that was frozen for longer has lost its lease.
const commandRetention = { maxAgeMs: 600_000, maxEntries: 10_000 };

/** Commands, requests and their answers between nodes, over the log that also carries the events. */
export class NodeChannel {
  readonly #log: ClusterLog;
  readonly #lane: Lane;
  readonly #options: NodeChannelOptions;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #followed: Followed[] = [];
  #nextId = 1;

  constructor(log: ClusterLog, lane: Lane, options: NodeChannelOptions) {
    this.#log = log;
    this.#lane = lane;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves once this node hears the others. */
  async open(): Promise<void> {
    const onGap = (): void =>
      this.#options.onFault({
        operation: 'hear commands',
        cause: new Error('commands were trimmed before this node had read them'),
      });
    this.#followed = [
      this.#lane.follow(clusterTopic, {
        onEntry: (_followed, entry) => this.#onCommand(entry.body, entry.position),
        onSent: (body) => this.#onSent(body),
        onGap,
      }),
      this.#lane.follow(nodeTopic(this.#options.uid), {
        onEntry: () => undefined,
        onSent: (body) => this.#onSent(body),
        onGap,
      }),
    ];
    await Promise.all(this.#followed.map(({ ready }) => ready));
  }

  close(): void {
    for (const followed of this.#followed.splice(0)) this.#lane.unfollow(followed, 0);
    this.#pending.clear();
  }

  command(command: NodeCommand): Promise<LogReceipt> {
    return publishCommand(this.#log, this.#options.uid, command);
  }

  fence(node: string, target: { namespace: string; sid: string; generation: number }): Promise<void> {
    return this.#send(nodeTopic(node), { kind: 'fence', ...target });
  }

  canary(): Promise<void> {
    return this.#send(nodeTopic(this.#options.uid), { kind: 'canary', sentAt: this.#clock.now() });
  }

  /**
   * Asks `members`. Resolves to the names of those that have not settled in time; one whose lease ends is not waited for.
   */
  async ask(
    request: NodeRequest,
    members: readonly string[],
    timeoutMs: number,
    listeners: {
      onAnswer: (value: unknown, from: string) => void;
      onSettled?: (member: string) => void;
      /** Answers are welcome until the time is over, when all have settled too. */
      staysOpen?: boolean;
    },
  ): Promise<string[]> {
    if (members.length === 0) return [];
    const id = this.#nextId++;
    const missing = new Set(members);
    let cancel: (() => void) | undefined;
    const settled = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(timeoutMs, resolve);
      this.#pending.set(id, {
        missing,
        onAnswer: listeners.onAnswer,
        onSettled(member) {
          if (!missing.delete(member)) return;
          listeners.onSettled?.(member);
          if (missing.size === 0 && listeners.staysOpen !== true) resolve();
        },
      });
    });
    try {
      await this.#send(clusterTopic, { kind: 'request', id, from: this.#options.uid, request });
      await settled;
      return [...missing];
    } finally {
      cancel?.();
      this.#pending.delete(id);
    }
  }

  /** Those who live; who does not is not waited for any more. */
  onMembers(members: readonly string[]): void {
    for (const { missing, onSettled } of this.#pending.values()) {
      for (const member of missing) if (!members.includes(member)) onSettled(member);
    }
  }

  #send(topic: string, message: Sent): Promise<void> {
    return this.#log.send(topic, encodeEnvelope({}, [encode(message)]));
  }

  #onCommand(body: Buffer, position: Position): void {
    const { from, command } = decode(body) as { from: string; command: NodeCommand };
    this.#options.handlerOf(command.namespace)?.onCommand(command, from, position);
  }

  #onSent(body: Buffer): void {
    const message = decode(body) as Sent;
    const { uid, handlerOf, onCanary } = this.#options;
    switch (message.kind) {
      case 'request': {
        const { id, from, request } = message;
        if (from === uid) return;
        const answer: Answer = (value, state) => {
          this.#send(nodeTopic(from), { kind: 'answer', id, from: uid, value, state }).catch(
            (cause: unknown) => this.#options.onFault({ operation: 'answer', cause }),
          );
        };
        const handler = handlerOf(request.namespace);
        if (handler === undefined) answer(undefined, 'absent');
        else handler.onRequest(request, answer);
        return;
      }
      case 'answer': {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        if (message.state !== 'absent') pending.onAnswer(message.value, message.from);
        if (message.state !== 'more') pending.onSettled(message.from);
        return;
      }
      case 'fence':
        handlerOf(message.namespace)?.onFence(message.sid, message.generation);
        return;
      case 'canary':
        onCanary(this.#clock.now() - message.sentAt);
    }
  }
}

/** Also for publishers that serve no sockets. */
export function publishCommand(
  log: Pick<ClusterLog, 'publish'>,
  from: string,
  command: NodeCommand,
): Promise<LogReceipt> {
  const body = encodeEnvelope({}, [encode({ from, command })]);
  return log.publish({ topics: [clusterTopic], body, retention: commandRetention });
}

/** Structured clones, so that binary arguments survive; what cannot be cloned goes as JSON would have it. */
function encode(message: object): Buffer {
  try {
    return serialize(message);
  } catch {
    return serialize(JSON.parse(JSON.stringify(message)));
  }
}

function decode(body: Buffer): unknown {
  const [chunk] = decodeEnvelope(body).packet;
  return deserialize(chunk as Buffer);
}
