import { longStatus, shortStatus, type CatchUp, type ConnectionStatus } from './connection-status.ts';
import './connection.css';

interface ConnectionPillProps {
  readonly status: ConnectionStatus;
  readonly catchUp: CatchUp;
}

/** Always on the screen: to which gateway the page is connected, or what it is doing about it. */
export function ConnectionPill({ status, catchUp }: ConnectionPillProps) {
  const connected = status.kind === 'connected';
  const detail = detailOf(status, catchUp);
  return (
    <span
      className="connection"
      data-testid="connection"
      data-state={status.kind}
      data-node={connected ? status.nodeId : undefined}
      data-recovered={connected ? status.recovered : undefined}
      data-filled={connected && catchUp.kind === 'done' ? catchUp.filled : undefined}
      title={connected ? `Connected to ${status.nodeId}. ${detail}`.trimEnd() : longStatus(status, catchUp)}
    >
      <span className="connection-dot" aria-hidden="true" />
      <span className="visually-hidden">{connected ? 'Connected to ' : 'Connection: '}</span>
      <span className="connection-name">{shortStatus(status)}</span>
      {detail !== '' && <span className="connection-detail">{detail}</span>}
    </span>
  );
}

function detailOf(status: ConnectionStatus, catchUp: CatchUp): string {
  switch (status.kind) {
    case 'connecting':
    case 'reconnecting':
      return status.attempt > 1 ? `attempt ${status.attempt}` : '';
    case 'connected':
      if (!status.again) return '';
      if (catchUp.kind === 'done' && catchUp.filled > 0) return 'filled from history';
      return status.recovered ? 'recovered' : '';
    case 'offline':
    case 'refused':
      return '';
  }
}
