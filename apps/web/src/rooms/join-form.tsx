import { limits } from '@sluice/protocol';
import { useState, type FormEvent } from 'react';
import { Icon } from '../look/icon.tsx';

interface JoinFormProps {
  readonly join: (room: string) => void;
  readonly problem: string | undefined;
}

export function JoinForm({ join, problem }: JoinFormProps) {
  const [name, setName] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const room = name.trim();
    if (room === '') return;
    join(room);
    setName('');
  };
  return (
    <form className="join" onSubmit={submit}>
      <label className="visually-hidden" htmlFor="join-room">
        Room to join
      </label>
      <div className="join-field">
        <input
          id="join-room"
          data-testid="room-input"
          placeholder="Join or start a room"
          value={name}
          maxLength={limits.roomLength}
          onChange={(event) => setName(event.target.value)}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-describedby="join-problem"
        />
        <button
          type="submit"
          data-testid="room-join"
          aria-label="Join the room"
          disabled={name.trim() === ''}
        >
          <Icon name="plus" />
        </button>
      </div>
      <p id="join-problem" className="join-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
