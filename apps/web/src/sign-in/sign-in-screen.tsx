import { limits } from '@sluice/protocol';
import { useState, type FormEvent } from 'react';
import { Logo } from '../look/logo.tsx';
import { useStore } from '../state/use-store.ts';
import type { Invitation } from '../web-app.ts';
import type { IdentityKeeper, SignInOutcome } from './identity.ts';
import './sign-in.css';
import { Water } from './water.tsx';

const problems: Record<Exclude<SignInOutcome, 'signed-in'>, string> = {
  'tokens-off': 'This cluster does not sign people in by name. Paste an access token instead.',
  refused: 'This name cannot be used. Try plain letters, digits and spaces.',
  unreachable: 'No gateway answers at the moment. Please try again.',
};

interface SignInScreenProps {
  readonly identity: IdentityKeeper;
  readonly invitation: Invitation;
}

export function SignInScreen({ identity, invitation }: SignInScreenProps) {
  const state = useStore(identity.state, (value) => value);
  const [way, setWay] = useState<'name' | 'token'>('name');
  const [text, setText] = useState(() => invitation.name?.slice(0, limits.userLength) ?? identity.lastName());
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const notice = problem ?? (state.kind === 'signed-out' ? state.notice : undefined);
  const byName = way === 'name';

  const change = (next: 'name' | 'token', why?: string): void => {
    setWay(next);
    setText(next === 'name' ? identity.lastName() : '');
    setProblem(why);
  };

  const signIn = async (value: string): Promise<void> => {
    setBusy(true);
    const outcome = await identity.signIn(value);
    setBusy(false);
    if (outcome === 'tokens-off') change('token', problems[outcome]);
    else if (outcome !== 'signed-in') setProblem(problems[outcome]);
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const value = text.trim();
    if (value === '' || busy) return;
    setProblem(undefined);
    if (byName) void signIn(value);
    else if (!identity.signInWithToken(value)) {
      setProblem('This is not an access token: it has three parts with dots between them.');
    }
  };

  return (
    <main className="sign-in">
      <Water />
      <form className="sign-in-card" onSubmit={submit}>
        <Logo size={56} />
        <h1>Sluice</h1>
        <p className="sign-in-lead">
          {invitation.room === undefined ? (
            'Chat rooms that keep their place when a server goes away.'
          ) : (
            <>
              You are invited to <strong>{invitation.room}</strong>.
            </>
          )}
        </p>
        <label htmlFor="sign-in-text">{byName ? 'Your name' : 'Access token'}</label>
        <input
          key={way}
          id="sign-in-text"
          data-testid={byName ? 'signin-name' : 'signin-token'}
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={byName ? limits.userLength : undefined}
          autoComplete={byName ? 'username' : 'off'}
          autoCapitalize={byName ? 'words' : 'off'}
          spellCheck={false}
          // The one thing to do on this page.
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          aria-describedby="sign-in-notice"
          aria-invalid={problem !== undefined}
        />
        <p id="sign-in-notice" className="sign-in-notice" role="alert">
          {notice}
        </p>
        <button
          className="button-primary"
          type="submit"
          data-testid="signin-submit"
          disabled={busy || text.trim() === ''}
        >
          {busy ? 'Signing in…' : 'Enter'}
        </button>
        <button className="button-quiet" type="button" onClick={() => change(byName ? 'token' : 'name')}>
          {byName ? 'Use an access token' : 'Use a name'}
        </button>
      </form>
    </main>
  );
}
