import type { Frame } from './types.ts';

const FIN_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Encodes one unmasked server text frame, header and payload in one buffer (RFC 6455, 5.2). */
export function encodeTextFrame(payload: string | Buffer): Frame {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const offset = length < LENGTH_16 ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(offset + length);
  frame[0] = FIN_TEXT;
  if (offset === 2) {
    frame[1] = length;
  } else if (offset === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeUInt32BE(Math.floor(length / 0x1_0000_0000), 2);
    frame.writeUInt32BE(length % 0x1_0000_0000, 6);
  }
  if (typeof payload === 'string') frame.write(payload, offset, 'utf8');
  else payload.copy(frame, offset);
  return frame;
}

/** Encodes a JSON value as one text frame. */
export function encodeJsonFrame(value: unknown): Frame {
  return encodeTextFrame(JSON.stringify(value));
}
