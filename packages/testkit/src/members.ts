import { randomUUID } from 'node:crypto';
import { limits, type Message } from '@sluice/protocol';
import { connect, type Client, type ConnectOptions, type Target } from './client.ts';
import type { Scope } from './scope.ts';

/** `prefix` and something that no other name has, so that tests can share a cluster. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 13)}`;
}

/** Connects one client of a user of its own to each of `targets`, all joined to `room`. */
export async function connectMembers<Targets extends readonly Target[]>(
  scope: Scope,
  targets: readonly [...Targets],
  room: string,
  options: ConnectOptions = {},
): Promise<{ [Index in keyof Targets]: Client }> {
  const clients = await Promise.all(
    targets.map(async (target) => {
      const client = await connect(scope, target, { user: uniqueName('member'), ...options });
      await client.join(room);
      return client;
    }),
  );
  return clients as { [Index in keyof Targets]: Client };
}

/**
 * Proves by one more message that `clients` have heard all that was acknowledged in `room` before: resolves when each has
 * heard it, to the messages that each heard until then, without it. The drivers deliver a room's messages to one socket in
 * the order in which Redis took them.
 */
export async function messagesHeard(
  room: string,
  sender: Client,
  clients: readonly Client[],
): Promise<string[][]> {
  const marker = uniqueName('marker');
  await sender.say(room, marker);
  await Promise.all(clients.map((client) => client.untilText(room, marker)));
  return clients.map((client) => client.texts(room).filter((text) => !text.startsWith('marker-')));
}

/** Everything in the history of `room`, which `client` has joined, oldest first, without the markers. */
export async function wholeHistory(client: Client, room: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const before = messages[0]?.id;
    const page = await client.succeed('history:read', {
      room,
      limit: limits.historyPage,
      ...(before === undefined ? {} : { before }),
    });
    messages.unshift(...page.messages);
    if (!page.more) return messages.filter((message) => !message.text.startsWith('marker-'));
  }
}
