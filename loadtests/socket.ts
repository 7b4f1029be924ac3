import { WebSocket } from 'k6/websockets';

/** The packets of Engine.IO 4 (first digit) and Socket.IO 5 (second) that a chat client meets. */
const packet = {
  ping: '2',
  pong: '3',
  connect: '40',
  disconnect: '41',
  event: '42',
  ack: '43',
  refused: '44',
};

type Listener = (argument: Record<string, unknown>) => void;

/** A Socket.IO client of one WebSocket, for k6: namespace `/`, JSON events, acknowledgements, heartbeats. */
export class LoadSocket {
  readonly #socket: WebSocket;
  readonly #token: string;
  readonly #listeners = new Map<string, Listener>();
  readonly #acks = new Map<number, Listener>();
  #nextAck = 0;
  #onClose: () => void = () => undefined;
  #onError: () => void = () => undefined;
  #isOpen = false;

  /** @param target the address of the cluster, `http://…` or `https://…` */
  constructor(target: string, token: string) {
    const url = `${target.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`;
    // Without a name of its own, each URL becomes a label of every metric.
    this.#socket = new WebSocket(url, null, { tags: { name: 'socket.io' } });
    this.#token = token;
    this.#socket.onmessage = (event) => {
      if (typeof event?.data === 'string') this.#receive(event.data);
    };
    this.#socket.onopen = () => {
      this.#isOpen = true;
    };
    this.#socket.onclose = () => {
      this.#isOpen = false;
      this.#onClose();
    };
    this.#socket.onerror = () => this.#onError();
  }

  /** Calls `listener` with the first argument of each `event`; `refused` is the handshake's refusal. */
  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  /** Calls `listener` when the connection has ended, whoever ended it. */
  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  /** Calls `listener` when the connection breaks or never comes about; it may end with a close too. */
  onError(listener: () => void): void {
    this.#onError = listener;
  }

  /** Sends an event; `answered` gets the first argument of its acknowledgement. */
  emit(event: string, payload: object, answered?: Listener): void {
    let id = '';
    if (answered !== undefined) {
      this.#acks.set(this.#nextAck, answered);
      id = String(this.#nextAck);
      this.#nextAck += 1;
    }
    this.#socket.send(`${packet.event}${id}${JSON.stringify([event, payload])}`);
  }

  /** Says goodbye. Does nothing where no connection is open. */
  close(): void {
    if (!this.#isOpen) return;
    this.#socket.send(packet.disconnect);
    this.#socket.close();
  }

  #receive(text: string): void {
    if (text === packet.ping) this.#socket.send(packet.pong);
    // The server has let go of this client, and would leave the transport open.
    else if (text === packet.disconnect) this.#socket.close();
    else if (text.startsWith('0')) this.#socket.send(packet.connect + JSON.stringify({ token: this.#token }));
    else if (text.startsWith(packet.refused)) this.#hear('refused', text.slice(2));
    else if (text.startsWith(packet.event)) this.#dispatch(text.slice(2));
    else if (text.startsWith(packet.ack)) this.#answer(text.slice(2));
  }

  #hear(event: string, json: string): void {
    this.#listeners.get(event)?.(JSON.parse(json) as Record<string, unknown>);
  }

  #dispatch(json: string): void {
    const [event, argument] = JSON.parse(json) as [string, Record<string, unknown>];
    this.#listeners.get(event)?.(argument);
  }

  #answer(text: string): void {
    const bracket = text.indexOf('[');
    const id = Number(text.slice(0, bracket));
    const [argument] = JSON.parse(text.slice(bracket)) as [Record<string, unknown>];
    this.#acks.get(id)?.(argument);
    this.#acks.delete(id);
  }
}
