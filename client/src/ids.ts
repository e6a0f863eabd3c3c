/** Random bytes; `getRandomValues` exists without HTTPS too, `randomUUID` does not. */
function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A random UUID (version 4), for `Idempotency-Key`, `client_ref` and `event_id`: the caller makes the id, then sends. */
export function newId(): string {
  const bytes = randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = hex(bytes);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}

/** A nonce for the websocket URL that no other connection of the user has used (WS6). */
export function newNonce(nowMs: number): string {
  return `${nowMs}${hex(randomBytes(8))}`;
}
