import { systemClock } from '@sluice/kernel';
import { Chat } from './chat/chat.ts';
import { Connection } from './connection/connection.ts';
import { parseOutbox } from './outbox/outbox-entry.ts';
import { parseRememberedRooms } from './rooms/room-memory.ts';
import { IdentityKeeper, parseIdentity } from './sign-in/identity.ts';
import { requestDevToken } from './sign-in/access-token.ts';
import { ValueStore, type ReadableStore } from './state/value-store.ts';
import { createJsonShelf } from './storage/json-shelf.ts';
import { requestClientConfig } from './trace/client-config.ts';
import { createPageTracing, type TracingSettings } from './trace/page-tracing.ts';
import type { Tracing } from './trace/tracing.ts';

/** What runs while somebody is signed in. */
interface Conversation {
  readonly chat: Chat;
  readonly connection: Connection;
}

/** The page: who is signed in and, while somebody is, their chat. */
export interface WebApp {
  readonly identity: IdentityKeeper;
  readonly conversation: ReadableStore<Conversation | undefined>;
  /** What the link that led here asks for. */
  readonly invitation: Invitation;
}

export interface Invitation {
  readonly room: string | undefined;
  readonly name: string | undefined;
}

function readInvitation(search: string): Invitation {
  const parameters = new URLSearchParams(search);
  const read = (key: string): string | undefined => parameters.get(key)?.trim() || undefined;
  return { room: read('room'), name: read('name') };
}

const asText = (stored: unknown): string | undefined => (typeof stored === 'string' ? stored : undefined);

/** Puts the page together from the browser it runs in. */
export function createWebApp(browser: Window & typeof globalThis): WebApp {
  const { localStorage, sessionStorage, location } = browser;
  const invitation = readInvitation(location.search);
  const tracing = createPageTracing(requestClientConfig(browser.fetch.bind(browser)), loadSpanTracing);
  const identity = new IdentityKeeper({
    requestToken: async (user) => requestDevToken(browser.fetch.bind(browser), user),
    identityShelf: createJsonShelf(sessionStorage, 'sluice.identity', parseIdentity),
    nameShelf: createJsonShelf(localStorage, 'sluice.name', asText),
  });
  const conversation = new ValueStore<Conversation | undefined>(undefined);

  const begin = (user: string): Conversation => {
    const connection = new Connection({
      url: location.origin,
      clock: systemClock,
      credentials: {
        token: () => {
          const state = identity.state.get();
          return state.kind === 'signed-in' ? state.identity.token : '';
        },
        renew: async () => identity.renew(),
      },
      traced: async () => tracing.wanted,
    });
    const chat = new Chat({
      user,
      wire: connection,
      clock: systemClock,
      random: Math.random,
      newClientId,
      tracing,
      roomShelf: createJsonShelf(localStorage, `sluice.rooms.${user}`, parseRememberedRooms),
      outboxShelf: createJsonShelf(sessionStorage, `sluice.outbox.${user}`, parseOutbox),
    });
    if (invitation.room !== undefined) chat.join(invitation.room);
    connection.setNetwork(browser.navigator.onLine);
    connection.start(chat);
    return { chat, connection };
  };

  const follow = (): void => {
    const state = identity.state.get();
    const running = conversation.get();
    const user = state.kind === 'signed-in' ? state.identity.user : undefined;
    if (running?.chat.state.get().user === user) return;
    running?.connection.stop();
    running?.chat.stop();
    conversation.set(user === undefined ? undefined : begin(user));
  };
  identity.state.subscribe(follow);
  follow();

  const tellNetwork = (): void => conversation.get()?.connection.setNetwork(browser.navigator.onLine);
  browser.addEventListener('online', tellNetwork);
  browser.addEventListener('offline', tellNetwork);
  return { identity, conversation, invitation };
}

/** A file of its own, which pages that are not traced do not load. */
async function loadSpanTracing(settings: TracingSettings): Promise<Tracing> {
  const { startSpanTracing } = await import('./trace/span-tracing.ts');
  return startSpanTracing(settings);
}

/** `crypto.randomUUID` exists on secure origins alone, and a cluster in a local network is often not one. */
function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
