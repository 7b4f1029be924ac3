import type { Params } from 'k6/websockets';
import { createK6Platform } from './k6-platform.ts';
import { Manager, type ManagerOptions } from './manager.ts';
import type { Socket } from './socket.ts';

export interface IoOptions extends ManagerOptions {
  /** Sent with each CONNECT. */
  readonly auth?: object;
  /** Default true; otherwise call `socket.connect()`. */
  readonly autoConnect?: boolean;
  /** Headers, tags and cookies of the WebSocket. */
  readonly params?: Params;
}

/**
 * Connects to the namespace that is the path of `address`, as socket.io-client's `io` does, over a connection of its own:
 * `io('https://chat.example/admin', { auth: { token } })`. Several namespaces share one by `socket.io.socket('/other')`.
 * May be called as often as one likes in one VU.
 */
export function io(address: string, options: IoOptions): Socket {
  const [, origin = address, namespace = ''] = /^(\w+:\/\/[^/]+)(.*)$/.exec(address) ?? [];
  // Without a name of its own, each address becomes a label of every metric.
  const tags = { name: 'socket.io', ...options.params?.tags };
  const manager = new Manager(createK6Platform({ ...options.params, tags }), origin, options);
  const socket = manager.socket(namespace === '' ? '/' : namespace, options.auth);
  return options.autoConnect === false ? socket : socket.connect();
}
