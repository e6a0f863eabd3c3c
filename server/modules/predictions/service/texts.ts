import { invalidParameter } from '../rules/errors.ts';
import { readText } from '../rules/input.ts';

/** Most characters of a name or description (4.2: 365; the same bound for the others). */
export const MOST_TEXT = 512;
const MOST_URL = 2048;

/** A text that must hold something, trimmed. @throws RuleError 6607 */
export function requireText(text: string, name: string): string {
  const trimmed = readText(text, name, MOST_TEXT)?.trim() ?? '';
  if (trimmed === '') throw invalidParameter(name);
  return trimmed;
}

/** A text that may be absent; an empty one counts as absent. @throws RuleError 6607 */
export function optionalText(text: string | null, name: string): string | null {
  return readText(text, name, MOST_TEXT)?.trim() || null;
}

/** Address of an image that clients will load: an absolute http(s) URL without credentials. @throws RuleError 6607 */
export function imageUrlOf(text: string | null): string | null {
  const given = readText(text, 'image_url', MOST_URL)?.trim() || null;
  if (given === null) return null;
  const url = URL.parse(given);
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isWeb || url.username !== '' || url.password !== '' || url.href.length > MOST_URL) {
    throw invalidParameter('image_url');
  }
  return url.href;
}
