import { describe, expect, test } from '@jest/globals';
import { encodePacket, PacketDecoder, type Frame, type Packet } from '../../client/packet.ts';

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;

function decode(frames: readonly Frame[]): (Packet | undefined)[] {
  const decoder = new PacketDecoder();
  return frames.map((frame) => decoder.add(frame));
}

// As the protocol's own document has them: https://socket.io/docs/v4/socket-io-protocol/
const packets: [text: string, packet: Packet][] = [
  ['0{"token":"123"}', { kind: 'connect', namespace: '/', data: { token: '123' } }],
  ['0/admin,{"sid":"a"}', { kind: 'connect', namespace: '/admin', data: { sid: 'a' } }],
  ['1', { kind: 'disconnect', namespace: '/' }],
  ['1/admin,', { kind: 'disconnect', namespace: '/admin' }],
  ['2["foo"]', { kind: 'event', namespace: '/', data: ['foo'] }],
  ['212["foo","bar",1]', { kind: 'event', namespace: '/', id: 12, data: ['foo', 'bar', 1] }],
  ['2/admin,0["foo","é☃"]', { kind: 'event', namespace: '/admin', id: 0, data: ['foo', 'é☃'] }],
  ['3/admin,13["bar"]', { kind: 'ack', namespace: '/admin', id: 13, data: ['bar'] }],
  ['30[]', { kind: 'ack', namespace: '/', id: 0, data: [] }],
  ['4{"message":"no"}', { kind: 'refusal', namespace: '/', data: { message: 'no' } }],
];

describe('a packet', () => {
  test.each(packets)('is %s on the wire, and back', (text, packet) => {
    expect(encodePacket(packet)).toEqual([text]);
    expect(decode([text])).toEqual([packet]);
  });

  test('carries its binary parts after it, wherever in its arguments they are', () => {
    const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3);
    const packet: Packet = {
      kind: 'event',
      namespace: '/admin',
      id: 7,
      data: ['upload', bytes(9), { parts: [{ name: 'x', view }], none: null }],
    };
    const frames = encodePacket(packet);
    expect(frames).toEqual([
      '52-/admin,7["upload",{"_placeholder":true,"num":0},{"parts":[{"name":"x","view":{"_placeholder":true,"num":1}}],"none":null}]',
      bytes(9),
      bytes(1, 2),
    ]);
    const [first, second, third] = decode(frames);
    expect([first, second]).toEqual([undefined, undefined]);
    expect(third).toEqual({
      ...packet,
      data: ['upload', bytes(9), { parts: [{ name: 'x', view: bytes(1, 2) }], none: null }],
    });
  });

  test('keeps what is no plain object as its JSON', () => {
    const at = new Date(0);
    expect(encodePacket({ kind: 'event', namespace: '/', data: ['at', at] })).toEqual([
      '2["at","1970-01-01T00:00:00.000Z"]',
    ]);
  });

  test('of binary parts may be followed by others', () => {
    const [, first, second] = decode(['61-3[{"_placeholder":true,"num":0}]', bytes(1), '2["next"]']);
    expect(first).toEqual({ kind: 'ack', namespace: '/', id: 3, data: [bytes(1)] });
    expect(second).toEqual({ kind: 'event', namespace: '/', data: ['next'] });
  });
});

describe('what is no packet is refused:', () => {
  test.each([
    [['']],
    [['9["x"]']],
    [['2']],
    [['2{"a":1}']],
    [['2["a"']],
    [['2[1]']],
    [['2["connect"]']],
    [['2["disconnect"]']],
    [['0']],
    [['0[]']],
    [['1{}']],
    [['3["no id"]']],
    [['4[]']],
    [['5["no attachments"]']],
    [['21-["attachments"]']],
    [[bytes(1)]],
    [['51-["a",{"_placeholder":true,"num":0}]', '2["b"]']],
  ])('%j', (frames: Frame[]) => {
    expect(() => decode(frames)).toThrow(expect.objectContaining({ code: 'malformed_packet' }));
  });
});
