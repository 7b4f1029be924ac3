interface Placeholder {
  readonly _placeholder: true;
  readonly num: number;
}

/** `value` with a numbered placeholder in place of every ArrayBuffer and view of one, which are added to `attachments`. */
export function takeAttachments(value: unknown, attachments: ArrayBuffer[]): unknown {
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    attachments.push(bytes);
    return { _placeholder: true, num: attachments.length - 1 } satisfies Placeholder;
  }
  if (Array.isArray(value)) return value.map((part) => takeAttachments(part, attachments));
  // A date, for one, is what its toJSON makes of it.
  if (!isRecord(value) || typeof value['toJSON'] === 'function') return value;
  return mapValues(value, (part) => takeAttachments(part, attachments));
}

/** `value` with its attachments in their places; undefined stands where a placeholder names none of them. */
export function putAttachments(value: unknown, attachments: readonly ArrayBuffer[]): unknown {
  if (Array.isArray(value)) return value.map((part) => putAttachments(part, attachments));
  if (!isRecord(value)) return value;
  if (value['_placeholder'] === true) return attachments[Number(value['num'])];
  return mapValues(value, (part) => putAttachments(part, attachments));
}

function bytesOf(value: unknown): ArrayBuffer | undefined {
  if (value instanceof ArrayBuffer) return value;
  if (!ArrayBuffer.isView(value)) return undefined;
  const { buffer, byteOffset, byteLength } = value;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function mapValues(record: Record<string, unknown>, map: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
