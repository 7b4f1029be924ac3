import { closeCodes, oneOf, transportErrors } from '@sluice/telemetry';
import { isChatRoom } from './chat/chat-events.ts';
import type { ChatServer } from './chat/chat-server.ts';
import type { Metrics } from './metrics.ts';

/** What Engine.IO 6 has of a connection, of which its types tell nothing. */
interface EngineConnection {
  readonly transport: EngineTransport;
  on(event: 'upgrade', listener: (transport: EngineTransport) => void): unknown;
}

interface EngineTransport {
  readonly name: string;
  /** Of a WebSocket: ws's own, or what stands for it. */
  readonly socket?: { on?(event: 'close', listener: (code: number) => void): unknown };
}

/** Counts what happens to connections below Socket.IO, and who comes into rooms and leaves them. */
export function observeSockets(io: ChatServer, metrics: Metrics): void {
  const onClose = (code: number): void => metrics.closed.inc({ code: labelOf(code) });
  const watch = ({ socket }: EngineTransport): void => void socket?.on?.('close', onClose);
  const onUpgrade = (transport: EngineTransport): void => {
    metrics.upgraded.inc({});
    watch(transport);
  };
  io.engine.on('connection', (conn: EngineConnection) => {
    if (conn.transport.name === 'websocket') watch(conn.transport);
    else conn.on('upgrade', onUpgrade);
  });
  io.engine.on('connection_error', (error: { code: number }) => {
    metrics.transportErrors.inc({ code: oneOf(transportErrors, String(error.code), 'other') });
  });
  const { adapter } = io.of('/');
  adapter.on('join-room', (room: string) => {
    if (isChatRoom(room)) metrics.joined.inc({});
  });
  adapter.on('leave-room', (room: string) => {
    if (isChatRoom(room)) metrics.left.inc({});
  });
}

function labelOf(code: number): (typeof closeCodes)[number] {
  return code >= 3_000 && code <= 4_999 ? 'application' : oneOf(closeCodes, String(code), 'other');
}
