import { protocolErrors, type ConnectRefusal, type ProtocolErrorCode } from '@sluice/protocol';

/** How the page stands with the cluster. */
export type ConnectionStatus =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | {
      readonly kind: 'connected';
      readonly nodeId: string;
      readonly recovered: boolean;
      /** False on the first connection of the page, where there was nothing to miss. */
      readonly again: boolean;
    }
  | { readonly kind: 'reconnecting'; readonly attempt: number; readonly lostNodeId: string }
  /** The browser has no network; it tries again by itself when it has. */
  | { readonly kind: 'offline' }
  /** Not going to try again by itself. */
  | { readonly kind: 'refused'; readonly code: ProtocolErrorCode };

/** What became of the messages missed while the connection was away. */
export type CatchUp =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly recovered: boolean; readonly filled: number };

/** `connect_error`'s data, where the gateway refused; `undefined` where no gateway was reached. */
export function refusalOf(error: Error & { readonly data?: unknown }): ConnectRefusal | undefined {
  const { data } = error;
  if (typeof data !== 'object' || data === null || !('code' in data)) return undefined;
  const { code } = data;
  if (typeof code !== 'string') return undefined;
  return { code: code as ProtocolErrorCode, retryable: 'retryable' in data && data.retryable === true };
}

/** The few words that are always on the screen. */
export function shortStatus(status: ConnectionStatus): string {
  switch (status.kind) {
    case 'connecting':
      return 'Connecting';
    case 'connected':
      return status.nodeId;
    case 'reconnecting':
      return 'Reconnecting';
    case 'offline':
      return 'Offline';
    case 'refused':
      return 'Refused';
  }
}

const kept = 'What you write is kept and sent afterwards.';

/** A sentence for the strip under the header and for screen readers; `undefined` where there is nothing to say. */
export function longStatus(status: ConnectionStatus, catchUp: CatchUp): string | undefined {
  switch (status.kind) {
    case 'connecting':
      return status.attempt === 0
        ? 'Connecting…'
        : `No gateway answers yet. Trying again, attempt ${status.attempt}.`;
    case 'connected':
      if (!status.again) return undefined;
      return `Back on ${status.nodeId}. ${caughtUp(catchUp)}`.trimEnd();
    case 'reconnecting': {
      const attempt = status.attempt === 0 ? '' : ` (attempt ${status.attempt})`;
      return `Lost ${status.lostNodeId}, reconnecting${attempt}… ${kept}`;
    }
    case 'offline':
      return `This device is offline. ${kept}`;
    case 'refused':
      return `The gateway refused the connection: ${protocolErrors[status.code]?.text ?? status.code}`;
  }
}

function caughtUp(catchUp: CatchUp): string {
  switch (catchUp.kind) {
    case 'none':
      return '';
    case 'running':
      return 'Catching up…';
    case 'done':
      if (catchUp.recovered && catchUp.filled === 0) return 'Session recovered, nothing missed.';
      if (catchUp.filled === 0) return 'Checked the history, nothing missed.';
      return `${catchUp.filled} ${catchUp.filled === 1 ? 'message' : 'messages'} filled from history.`;
  }
}

/** The same for a screen reader: without what changes every second, lest it never stops talking. */
export function spokenStatus(status: ConnectionStatus, catchUp: CatchUp): string {
  switch (status.kind) {
    case 'connecting':
      return 'Connecting.';
    case 'connected':
      return `Connected to ${status.nodeId}. ${status.again ? caughtUp(catchUp) : ''}`.trimEnd();
    case 'reconnecting':
      return `Connection to ${status.lostNodeId} lost, reconnecting.`;
    case 'offline':
    case 'refused':
      return longStatus(status, catchUp) ?? '';
  }
}
