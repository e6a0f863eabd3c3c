import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A ciphertext cannot be read: changed, cut, of another purpose, or its key is not here. Never says what is inside. */
export class SecretUnreadable extends Error {
  /** Key that the text names; null when it is no ciphertext of ours. */
  readonly keyId: string | null;
  constructor(message: string, keyId: string | null) {
    super(message);
    this.name = 'SecretUnreadable';
    this.keyId = keyId;
  }
}

/** Encryption at rest and derived keys, all from SECRET_KEY, one key per purpose (PF-73). */
export interface Secrets {
  /** Name of the current key, as written in every ciphertext. */
  readonly keyId: string;
  /** A 256-bit key for `purpose` from the current SECRET_KEY, for signing and hashing. */
  derive(purpose: string): Buffer;
  /** The same from the current and then the previous SECRET_KEY, for checking what may have been signed before a rotation. */
  deriveAll(purpose: string): Buffer[];
  /** Authenticated encryption (AES-256-GCM); the text can only be opened for the same purpose. */
  seal(purpose: string, bytes: Uint8Array | string): string;
  /** @throws SecretUnreadable */
  open(purpose: string, text: string): Buffer;
  /** False when `text` was sealed under an earlier key and should be sealed anew (`secret rotate`). */
  isCurrent(text: string): boolean;
}

/** Secrets of one installation. `previous` is SECRET_KEY_PREVIOUS: accepted for reading, never used for writing. */
export function createSecrets(current: string, previous: string | null = null): Secrets {
  const keys = [current, ...(previous === null ? [] : [previous])].map((text) => new MasterKey(text));
  const newest = keys[0]!;
  return {
    keyId: newest.id,
    derive: (purpose) => newest.derive(purpose),
    deriveAll: (purpose) => keys.map((key) => key.derive(purpose)),
    seal: (purpose, bytes) => seal(newest, purpose, bytes),
    open(purpose, text) {
      const { keyId, payload } = split(text);
      const key = keys.find((candidate) => candidate.id === keyId);
      if (!key)
        throw new SecretUnreadable(
          `sealed under key ${keyId}, which is neither SECRET_KEY nor SECRET_KEY_PREVIOUS`,
          keyId,
        );
      return unseal(key, purpose, payload);
    },
    isCurrent: (text) => split(text).keyId === newest.id,
  };
}

class MasterKey {
  readonly id: string;
  readonly #material: string;
  readonly #derived = new Map<string, Buffer>();

  constructor(material: string) {
    this.#material = material;
    // The id must tell keys apart without telling anything of them.
    this.id = createHash('sha256').update(this.derive('key-id')).digest('hex').slice(0, 8);
  }

  derive(purpose: string): Buffer {
    let key = this.#derived.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.#material, 'greenroom', purpose, 32));
      this.#derived.set(purpose, key);
    }
    return key;
  }
}

function seal(key: MasterKey, purpose: string, bytes: Uint8Array | string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.derive(`seal:${purpose}`), nonce);
  cipher.setAAD(Buffer.from(`${VERSION}.${key.id}.${purpose}`));
  const body = Buffer.concat([cipher.update(typeof bytes === 'string' ? Buffer.from(bytes) : bytes), cipher.final()]);
  return `${VERSION}.${key.id}.${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
}

function split(text: string): { keyId: string; payload: Buffer } {
  const match = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(text);
  if (!match) throw new SecretUnreadable('is no ciphertext', null);
  return { keyId: match[1]!, payload: Buffer.from(match[2]!, 'base64url') };
}

function unseal(key: MasterKey, purpose: string, payload: Buffer): Buffer {
  if (payload.length < NONCE_BYTES + TAG_BYTES) throw new SecretUnreadable('is cut short', key.id);
  const decipher = createDecipheriv('aes-256-gcm', key.derive(`seal:${purpose}`), payload.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(`${VERSION}.${key.id}.${purpose}`));
  decipher.setAuthTag(payload.subarray(payload.length - TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(payload.subarray(NONCE_BYTES, payload.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    throw new SecretUnreadable('was changed, or sealed for another purpose', key.id);
  }
}
