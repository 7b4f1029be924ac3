import { ValueStore, type ReadableStore } from '../state/value-store.ts';
import { isRecord, type JsonShelf } from '../storage/json-shelf.ts';
import { userOfToken, type DevTokenAnswer } from './access-token.ts';

/** Who uses this tab, and by which token. */
export interface Identity {
  readonly user: string;
  readonly token: string;
  /** A development token is renewed by name; a pasted one cannot be. */
  readonly source: 'development' | 'pasted';
}

export type IdentityState =
  | { readonly kind: 'signed-out'; readonly notice: string | undefined }
  | { readonly kind: 'signed-in'; readonly identity: Identity };

export type SignInOutcome = 'signed-in' | 'tokens-off' | 'refused' | 'unreachable';

export interface IdentityDependencies {
  readonly requestToken: (user: string) => Promise<DevTokenAnswer>;
  /** For the tab: the token must not outlive it. */
  readonly identityShelf: JsonShelf<Identity>;
  readonly nameShelf: JsonShelf<string>;
}

export function parseIdentity(stored: unknown): Identity | undefined {
  if (!isRecord(stored)) return undefined;
  const { user, token, source } = stored;
  if (typeof user !== 'string' || typeof token !== 'string') return undefined;
  return { user, token, source: source === 'pasted' ? 'pasted' : 'development' };
}

/** Signs the user of this tab in and out, and gets a new token in place of an expired one. */
export class IdentityKeeper {
  readonly #store: ValueStore<IdentityState>;
  readonly #dependencies: IdentityDependencies;

  constructor(dependencies: IdentityDependencies) {
    this.#dependencies = dependencies;
    const identity = dependencies.identityShelf.read();
    this.#store = new ValueStore<IdentityState>(
      identity === undefined ? { kind: 'signed-out', notice: undefined } : { kind: 'signed-in', identity },
    );
  }

  get state(): ReadableStore<IdentityState> {
    return this.#store;
  }

  /** The name used last, to offer again. */
  lastName(): string {
    return this.#dependencies.nameShelf.read() ?? '';
  }

  async signIn(user: string): Promise<SignInOutcome> {
    const answer = await this.#dependencies.requestToken(user);
    switch (answer.kind) {
      case 'granted':
        this.#enter({ user, token: answer.token, source: 'development' });
        return 'signed-in';
      case 'off':
        return 'tokens-off';
      case 'refused':
        return 'refused';
      case 'unreachable':
        return 'unreachable';
    }
  }

  /** False where the text is not an access token at all. */
  signInWithToken(token: string): boolean {
    const user = userOfToken(token);
    if (user === undefined) return false;
    this.#enter({ user, token, source: 'pasted' });
    return true;
  }

  signOut(notice?: string): void {
    this.#dependencies.identityShelf.write(undefined);
    this.#store.set({ kind: 'signed-out', notice });
  }

  /** Replaces the token; signs out where that is not possible. */
  async renew(): Promise<'renewed' | 'unreachable' | 'ended'> {
    const state = this.#store.get();
    if (state.kind === 'signed-out') return 'ended';
    const { identity } = state;
    if (identity.source === 'pasted') {
      this.signOut('Your access token is no longer accepted. Paste a new one.');
      return 'ended';
    }
    const answer = await this.#dependencies.requestToken(identity.user);
    if (this.#store.get() !== state) return 'ended';
    if (answer.kind === 'unreachable') return 'unreachable';
    if (answer.kind === 'granted') {
      this.#enter({ ...identity, token: answer.token });
      return 'renewed';
    }
    this.signOut('Your session has ended. Please sign in again.');
    return 'ended';
  }

  #enter(identity: Identity): void {
    this.#dependencies.identityShelf.write(identity);
    this.#dependencies.nameShelf.write(identity.user);
    this.#store.set({ kind: 'signed-in', identity });
  }
}
