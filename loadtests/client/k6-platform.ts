import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket, type Params } from 'k6/websockets';
import type { Frame } from './packet.ts';
import type { Platform, Wire, WireEvents } from './platform.ts';

/**
 * The event loop of the VU that calls it. An iteration lasts until its WebSockets have closed and its timers have passed. k6
 * 1.8 closes a WebSocket only when the server agrees: while one is open to a process that is frozen, k6 does not end, not even
 * at `maxDuration`. (The client has long forgotten it by then.)
 * @param params of each WebSocket: headers, tags
 */
export function createK6Platform(params: Params): Platform {
  return {
    openWire: (url, events) => openWire(url, params, events),
    schedule(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}

function openWire(url: string, params: Params, events: WireEvents): Wire {
  const webSocket = new WebSocket(url, null, params);
  let isOpen = false;
  let isClosed = false;
  let failure = 'the WebSocket did not open';
  // Else every attachment is a Blob, whose bytes come later.
  Object.assign(webSocket, { binaryType: 'arraybuffer' });
  webSocket.onopen = () => {
    isOpen = true;
    if (isClosed) webSocket.close();
    else events.opened();
  };
  webSocket.onmessage = (message) => {
    if (!isClosed && message !== undefined) events.received(message.data as Frame);
  };
  webSocket.onerror = (error) => {
    if (error !== undefined) failure = error.error;
  };
  // Follows an error too. (To k6 it is one where a server ends a WebSocket and gives no code, as Engine.IO does.)
  webSocket.onclose = () => {
    const wasOpen = isOpen;
    isOpen = false;
    if (isClosed) return;
    if (wasOpen) events.ended();
    else events.ended(failure);
  };
  return {
    send(frame) {
      if (isOpen && !isClosed) webSocket.send(frame);
    },
    close() {
      isClosed = true;
      // k6 1.8 stands still for good where one is closed that is not open yet.
      if (isOpen) webSocket.close();
    },
  };
}
