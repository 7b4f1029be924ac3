/** Hexadecimal of an id, which is hexadecimal in JSON and bytes in protobuf; undefined where it is left out. */
export function readOptionalId(bytes: 8 | 16, id: string | Uint8Array | undefined): string | undefined {
  if (id === undefined || id.length === 0) return undefined;
  const hex = typeof id === 'string' ? id.toLowerCase() : Buffer.from(id).toString('hex');
  if (hex.length !== bytes * 2 || !/^[\da-f]*[1-9a-f][\da-f]*$/.test(hex)) {
    throw new TypeError(`an id has to be ${bytes} bytes in hexadecimal, not all zero, and "${hex}" is not`);
  }
  return hex;
}

export function readId(bytes: 8 | 16, id: string | Uint8Array | undefined): string {
  const hex = readOptionalId(bytes, id);
  if (hex === undefined) throw new TypeError('an id is missing');
  return hex;
}
