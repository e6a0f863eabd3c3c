import { Invalid } from '../errors.ts';

/** Deepest nesting of a body or query value (PF-04). */
export const MAX_DEPTH = 32;

/**
 * Refuses what no schema can express (PF-04): U+0000 and unpaired surrogates in any string or key, keys that reach into prototypes, nesting
 * beyond `MAX_DEPTH`. `where` names the part of the request in the answer.
 * @throws Invalid
 */
export function checkText(value: unknown, where: string): void {
  walk(value, where, 0);
}

/**
 * Refuses a query that does not decode to text (PF-04): the parser would hand it on as it stands, percent signs and all. An unpaired surrogate has no
 * encoding, so it is refused here too.
 * @throws Invalid
 */
export function checkQueryEncoding(url: string): void {
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('%', at)) return;
  try {
    decodeURIComponent(url.slice(at));
  } catch {
    throw new Invalid('malformed_url', 'query: a wrong percent-encoding');
  }
}

function walk(value: unknown, where: string, depth: number): void {
  if (typeof value === 'string') {
    checkString(value, where);
  } else if (typeof value === 'object' && value !== null) {
    if (depth >= MAX_DEPTH) throw new Invalid('too_deep', `${where}: at most ${MAX_DEPTH} levels`);
    if (Array.isArray(value)) {
      for (const item of value) walk(item, where, depth + 1);
    } else if (!isBytes(value)) {
      for (const [key, item] of Object.entries(value)) {
        checkString(key, where);
        if (reachesPrototype(key, item)) throw new Invalid('invalid_key', `${where}: the key ${key} is not allowed`);
        walk(item, where, depth + 1);
      }
    }
  }
}

function reachesPrototype(key: string, value: unknown): boolean {
  return key === '__proto__' || ((key === 'constructor' || key === 'prototype') && typeof value === 'object');
}

function checkString(text: string, where: string): void {
  if (text.includes('\u0000')) throw new Invalid('invalid_text', `${where}: U+0000 is not allowed`);
  if (!text.isWellFormed()) throw new Invalid('invalid_text', `${where}: unpaired surrogates are not allowed`);
}

/** Buffers and files of uploads are bytes, not text. */
function isBytes(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof Blob;
}
