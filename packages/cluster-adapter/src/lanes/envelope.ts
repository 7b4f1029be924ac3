/** What publishers tell the nodes beside the packet. Absent fields cost nothing on the wire. */
export interface Header {
  /** The rooms of a broadcast to more than one, in the order of the topics it was published to. */
  readonly r?: readonly string[] | undefined;
  /** Rooms whose members are left out. */
  readonly x?: readonly string[] | undefined;
  /** Where in the packet's text, in bytes, `"id":…,"sentAt":…` go. */
  readonly s?: number | undefined;
  /** 0 where the packet must not be compressed, 1 where it should. */
  readonly c?: 0 | 1 | undefined;
  /** Lengths in bytes of the packet's chunks where there is more than one text; `-1 - length` for binary chunks. */
  readonly b?: readonly number[] | undefined;
  /** What becomes of it at a consumer that is behind: `d` dropped, `l` only the latest of its name is kept. */
  readonly p?: 'd' | 'l' | undefined;
  /** The event's name, where only the latest is wanted. */
  readonly n?: string | undefined;
  /** The node that has given it to its own sockets already, while the log was away. */
  readonly u?: string | undefined;
  /** The `traceparent` of its sending, where that is recorded. */
  readonly t?: string | undefined;
}

const none: Header = Object.freeze({});
const newline = 0x0a;

/** `<header JSON, or nothing>\n<chunks>`; a string where all of it is text. */
export function encodeEnvelope(header: Header, chunks: readonly (string | Buffer)[]): string | Buffer {
  const [first] = chunks;
  if (chunks.length === 1 && typeof first === 'string') {
    const head = JSON.stringify(header);
    return head === '{}' ? `\n${first}` : `${head}\n${first}`;
  }
  const parts = chunks.map(bytesOf);
  const b = parts.map((part, index) => (typeof chunks[index] === 'string' ? part.length : -1 - part.length));
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, b })}\n`), ...parts]);
}

/** A packet as its parser wrote it: the bytes of one text, or chunks. */
export type EncodedPacket = Buffer | readonly (string | Buffer)[];

/** Throws a SyntaxError on what no publisher wrote. Buffers are views of `body`. */
export function decodeEnvelope(body: Buffer): { readonly header: Header; readonly packet: EncodedPacket } {
  const end = body[0] === newline ? 0 : body.indexOf(newline);
  const header = end === 0 ? none : (JSON.parse(body.toString('utf8', 0, end)) as Header);
  if (header.b === undefined) return { header, packet: body.subarray(end + 1) };
  let at = end + 1;
  const packet = header.b.map((length) => {
    const from = at;
    const isBinary = length < 0;
    at += isBinary ? -1 - length : length;
    return isBinary ? body.subarray(from, at) : body.toString('utf8', from, at);
  });
  return { header, packet };
}

/** An encoder hands on binary arguments as the application gave them: any view, or a whole ArrayBuffer. */
function bytesOf(chunk: string | Buffer | ArrayBufferView | ArrayBuffer): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (Buffer.isBuffer(chunk)) return chunk;
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Buffer.from(chunk);
}
