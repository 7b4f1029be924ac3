import { useEffect, useState } from 'react';
import type { Connection } from './connection.ts';
import { longStatus, spokenStatus, type CatchUp, type ConnectionStatus } from './connection-status.ts';

interface ConnectionStripProps {
  readonly connection: Connection;
  readonly status: ConnectionStatus;
  readonly catchUp: CatchUp;
  readonly signOut: () => void;
}

const goodNewsMs = 6_000;

/** Says what is wrong with the connection for as long as it is, and for a moment that it is right again. */
export function ConnectionStrip({ connection, status, catchUp, signOut }: ConnectionStripProps) {
  const [readNews, setReadNews] = useState<ConnectionStatus>();
  const settled = status.kind === 'connected' && catchUp.kind === 'done';
  useEffect(() => {
    if (!settled) return undefined;
    const timer = setTimeout(() => setReadNews(status), goodNewsMs);
    return () => clearTimeout(timer);
  }, [settled, status]);

  const text = readNews === status ? undefined : longStatus(status, catchUp);
  const tryable = status.kind !== 'connected' && (status.kind !== 'connecting' || status.attempt > 0);
  return (
    <div className="strip-place">
      <output className="visually-hidden">{spokenStatus(status, catchUp)}</output>
      {text !== undefined && (
        <div className="strip" data-state={status.kind}>
          <span>{text}</span>
          {tryable && (
            <button type="button" onClick={() => connection.retryNow()}>
              Try now
            </button>
          )}
          {status.kind === 'refused' && (
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      )}
    </div>
  );
}
