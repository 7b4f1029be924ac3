// An unmasked, unfragmented text frame (RFC 6455, section 5.2) that holds one Engine.IO packet of type "message".
const finText = 0x81;
const message = 0x34;

/** The frame of `text`, of its first `length` bytes where given, followed by `end`, which is ASCII. */
export function textFrame(text: Buffer, length = text.length, end = ''): Buffer {
  const payload = 1 + length + end.length;
  const start = payload < 126 ? 2 : payload < 0x1_00_00 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + payload);
  frame[0] = finText;
  if (start === 2) frame[1] = payload;
  else if (start === 4) {
    frame[1] = 126;
    frame[2] = payload >> 8;
    frame[3] = payload;
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(payload, 6);
  }
  frame[start] = message;
  text.copy(frame, start + 1, 0, length);
  // So few characters are cheaper one by one than through a call that leaves JavaScript.
  const endAt = start + 1 + length;
  for (let at = 0; at < end.length; at += 1) frame[endAt + at] = end.charCodeAt(at);
  return frame;
}

/** What {@link textFrame} was given. */
export function textOfFrame(frame: Buffer): string {
  const start = frame[1] === 126 ? 4 : frame[1] === 127 ? 10 : 2;
  return frame.toString('utf8', start + 1);
}
