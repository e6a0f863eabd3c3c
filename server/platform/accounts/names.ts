import { Invalid } from '../errors.ts';
import type { Random } from '../ports.ts';

/** One thing wrong with one field; the details of `invalid_input`. */
export interface FieldFault {
  field: string;
  message: string;
}

/** What a route that sets a username allows besides PF-66: a message for a refused name, null for a good one. */
export type NameRule = (username: string) => string | null;

const NAME = /^[\p{L}\p{M}\p{N}_.@+-]{1,150}$/u;
const EMAIL = /^[^\s\p{C}@<>()[\]"\\,;:]+@[^\s\p{C}@<>()[\]"\\,;:]+$/u;
const RESERVED_PREFIX = 'deleted-';
const EMAIL_MAX = 254;
const MADE_UP_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The form in which names are compared: any case, any Unicode form (PF-10). Kept in a column, so that no database locale decides. */
export function keyOfName(text: string): string {
  // Down, up and down again: so that ẞ, ß and SS meet, and both small sigmas.
  return text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}

/** PF-66's widest rule, which the platform's own routes use as it is. */
export const anyName: NameRule = (username) => {
  if (!NAME.test(username) || !NAME.test(username.normalize('NFKC'))) {
    return 'Use 1 to 150 letters, digits or the characters _ . @ + -';
  }
  return keyOfName(username).startsWith(RESERVED_PREFIX) ? 'This name is reserved.' : null;
};

/** Faults of a new username: PF-66, then the route's narrower rule. */
export function nameFaults(username: string, rule: NameRule): FieldFault[] {
  const message = anyName(username) ?? rule(username);
  return message === null ? [] : [{ field: 'username', message }];
}

export function emailFaults(email: string): FieldFault[] {
  const good = email.length <= EMAIL_MAX && EMAIL.test(email) && EMAIL.test(email.normalize('NFKC'));
  return good ? [] : [{ field: 'email', message: 'This is not an e-mail address.' }];
}

/** @throws Invalid `invalid_input` naming each field when there is any fault. */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw new Invalid('invalid_input', faults[0]!.message, { errors: faults });
}

/** A name for an account that nobody has named yet: it says nothing of its e-mail (PG1) and fits every route's rule (PF-66). */
export function makeUpName(random: Random): string {
  return `player_${[...random.bytes(12)].map((byte) => MADE_UP_ALPHABET[byte % 32]).join('')}`;
}
