import type { Target } from '@sluice/testkit';

const separator = '\u001E';

/**
 * A client that speaks Socket.IO over long-polling by itself, and is sent something only when it asks: what it does not ask
 * for waits in its gateway and nowhere else, since there is no connection whose buffers could take it.
 */
export class PollingReader {
  readonly #address: string;
  readonly #packets: string[] = [];

  private constructor(address: string) {
    this.#address = address;
  }

  /** Resolves once it is let in. */
  static async connect(target: Target, user: string): Promise<PollingReader> {
    const address = `${target.url}/socket.io/?EIO=4&transport=polling`;
    const opened = await fetch(address);
    const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
    const reader = new PollingReader(`${address}&sid=${sid}`);
    await reader.send(`40${JSON.stringify({ token: await target.issuer.token(user) })}`);
    await reader.readUntil((packet) => packet.startsWith('42["session:ready"'));
    return reader;
  }

  /** Joins, and reads up to the answer. */
  async join(room: string): Promise<void> {
    await this.send(`420${JSON.stringify(['room:join', { room }])}`);
    await this.readUntil((packet) => packet.startsWith('430'));
  }

  /** Sends a packet and reads nothing. */
  async send(packet: string): Promise<void> {
    const response = await fetch(this.#address, { method: 'POST', body: packet });
    if (!response.ok) throw new Error(`a packet was answered with ${response.status}`);
  }

  /** Reads on until `count` packets that `matches` have come, counted from the beginning. */
  async readUntil(matches: (packet: string) => boolean, count = 1): Promise<void> {
    while (this.#packets.filter(matches).length < count) {
      const response = await fetch(this.#address);
      if (!response.ok) throw new Error(`reading was answered with ${response.status}`);
      const packets = (await response.text()).split(separator);
      this.#packets.push(...packets);
      if (packets.includes('2')) await this.send('3');
    }
  }
}
