export { createMemorySessionStore } from './memory-session-store.ts';
export { createSessionStore } from './redis-session-store.ts';
export type { SessionStoreOptions } from './session-life.ts';
export type {
  Claim,
  Claimant,
  NewSession,
  Session,
  SessionChange,
  SessionHold,
  SessionStore,
} from './session-store.ts';
