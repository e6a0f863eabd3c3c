import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../ports.ts';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A 256-bit secret as 43 characters of base64url (platform 9.4). */
export function newSecret(random: Random): string {
  return random.bytes(32).toString('base64url');
}

/** Whether a text has the form of `newSecret`; anything else needs no look-up. */
export function hasSecretForm(text: string): boolean {
  return SECRET.test(text);
}

/** What is kept of a random secret or code. Plain SHA-256 is enough: what it hides cannot be guessed. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares texts in a time that tells nothing of where they differ. */
export function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(hashOf(a), hashOf(b));
}
