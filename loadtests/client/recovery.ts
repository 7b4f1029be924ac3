/**
 * What a client has to remember to be recovered (docs/protocol.md, Recovery): the private id that the server gave it, and the
 * offset, which is the last argument of the last event that ended with a string.
 */
export class Recovery {
  #pid: string | undefined;
  #offset: string | undefined;

  /** What to say in CONNECT: `auth` as it is, beside who this was and how far it had heard. */
  handshake(auth: object): object {
    if (this.#pid === undefined) return auth;
    const heard = this.#offset === undefined ? {} : { offset: this.#offset };
    return { pid: this.#pid, ...heard, ...auth };
  }

  /** Takes the private id of the server's answer, none where it does not recover; true where it is who this was before. */
  connected(pid: string | undefined): boolean {
    const isRecovered = pid !== undefined && pid === this.#pid;
    this.#pid = pid;
    return isRecovered;
  }

  /** Takes an event that has been handed to its listeners: its name and its arguments. */
  heard(data: readonly unknown[]): void {
    const last = data[data.length - 1];
    if (this.#pid !== undefined && typeof last === 'string') this.#offset = last;
  }
}
