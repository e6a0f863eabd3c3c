import { invalidParameter } from './errors.ts';

/** Below this a time on the wire is in seconds, from here on in milliseconds (WC4). */
const FIRST_MILLISECOND_TIME = 100_000_000_000;
/** The last instant a JavaScript date can hold. */
const LAST_TIME = 8_640_000_000_000_000;
const NUMERIC = /^[+-]?\d{1,20}(\.\d{1,20})?$/;

/** Whether a value counts as "not given": absent, null, or an empty string. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Reads a time into epoch ms; null when unset (WC4, I8). Throws 6607. */
export function readTime(value: unknown, name: string): number | null {
  if (isUnset(value)) return null;
  if (typeof value === 'string' && ['none', 'null'].includes(value.trim().toLowerCase())) return null;
  const number = readNumber(value);
  if (number === null || number < 0) throw invalidParameter(name);
  const timeMs = Math.floor(number < FIRST_MILLISECOND_TIME ? number * 1000 : number);
  if (timeMs > LAST_TIME) throw invalidParameter(name);
  return timeMs;
}

/** Reads a boolean in any of the documented spellings; null when unset (WC6). Throws 6607. */
export function readBoolean(value: unknown, name: string): boolean | null {
  if (isUnset(value)) return null;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 1 || word === '1' || word === 'true') return true;
  if (word === false || word === 0 || word === '0' || word === 'false') return false;
  throw invalidParameter(name);
}

/** Reads a list: an array of strings or numbers, or a comma-separated string, trimmed, empty items dropped (WC7). Throws 6607. */
export function readList(value: unknown, name: string, mostItems: number): string[] {
  if (isUnset(value)) return [];
  const items = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : null;
  if (items === null || items.length > mostItems) throw invalidParameter(name);
  return items.map((item: unknown) => readTextItem(item, name)).filter((item) => item !== '');
}

/** Reads an id: string or number, compared as string (WC8); null when unset. Throws 6607. */
export function readId(value: unknown, name: string): string | null {
  if (isUnset(value)) return null;
  const id = readTextItem(value, name);
  if (id === '' || id.length > 512) throw invalidParameter(name);
  return id;
}

/** Reads text as typed, of at most `mostChars` characters; null when absent. Throws 6607, also for text no database can keep. */
export function readText(value: unknown, name: string, mostChars: number): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !isStorable(value) || [...value].length > mostChars) throw invalidParameter(name);
  return value;
}

/** Reads a whole number within bounds, given as number or numeric string; null when unset. Throws 6607. */
export function readInteger(value: unknown, name: string, least: number, most: number): number | null {
  if (isUnset(value)) return null;
  const number = readNumber(value);
  if (number === null || !Number.isInteger(number) || number < least || number > most) throw invalidParameter(name);
  return number;
}

/** Whether text can be stored and sent: no U+0000, no unpaired surrogate. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** A finite number from a number or a plain decimal string, else null. */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'string' && NUMERIC.test(value.trim())) return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function readTextItem(value: unknown, name: string): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string' || !isStorable(value)) throw invalidParameter(name);
  return value.trim();
}
