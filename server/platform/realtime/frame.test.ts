import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeJsonFrame, encodeTextFrame } from './frame.ts';

/** Reads one unmasked frame as RFC 6455 5.2 has it. */
function decode(frame: Buffer): { opcode: number; isFinal: boolean; isMasked: boolean; payload: Buffer } {
  const short = frame[1]! & 0x7f;
  const [length, offset] =
    short < 126 ? [short, 2] : short === 126 ? [frame.readUInt16BE(2), 4] : [Number(frame.readBigUInt64BE(2)), 10];
  assert.equal(frame.length, offset + length);
  return {
    opcode: frame[0]! & 0x0f,
    isFinal: (frame[0]! & 0x80) !== 0,
    isMasked: (frame[1]! & 0x80) !== 0,
    payload: frame.subarray(offset),
  };
}

test('PF-25 a frame holds exactly its payload, final, text, unmasked', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { opcode, isFinal, isMasked, payload } = decode(encodeTextFrame(text));
      assert.deepEqual({ opcode, isFinal, isMasked }, { opcode: 1, isFinal: true, isMasked: false });
      assert.deepEqual(payload, Buffer.from(text));
    }),
  );
});

test('PF-25 every form of length', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
    const payload = Buffer.alloc(length, 'a');
    assert.deepEqual(decode(encodeTextFrame(payload)).payload, payload);
    assert.deepEqual(encodeTextFrame(payload), encodeTextFrame(payload.toString()));
  }
});

test('PF-25 JSON values', () => {
  assert.equal(decode(encodeJsonFrame({ re: 1, ok: true })).payload.toString(), '{"re":1,"ok":true}');
});
