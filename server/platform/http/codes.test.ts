import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ERROR_CODES } from './codes.ts';

const PLATFORM = join(import.meta.dirname, '..');
const THROWN =
  /new (?:Invalid|Unauthenticated|Forbidden|NotFound|Conflict|TooMany|Unavailable)\(\s*'(\w+)'|new DomainError\(\s*\d+,\s*'(\w+)'|\[\d{3}, '(\w+)', '|\btaken\('(\w+)'/g;

/** Codes named in the sources of the platform, with one file that names each. */
function thrownCodes(): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(PLATFORM, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    for (const match of readFileSync(path, 'utf8').matchAll(THROWN))
      found.set(match[1] ?? match[2] ?? match[3] ?? match[4]!, path.slice(PLATFORM.length + 1));
  }
  return found;
}

describe('error codes', () => {
  const thrown = thrownCodes();

  it('PF-05: every code that the platform throws is listed', () => {
    const missing = [...thrown].filter(([code]) => !(code in ERROR_CODES)).map(([code, path]) => `${code} (${path})`);
    assert.deepEqual(missing, []);
  });

  it('PF-05: every listed code is thrown somewhere', () => {
    // What Node's parser refuses has no request to throw in (answers.ts).
    const raw = new Set(['request_timeout', 'headers_too_large']);
    assert.deepEqual(
      Object.keys(ERROR_CODES).filter((code) => !thrown.has(code) && !raw.has(code)),
      [],
    );
  });

  it('PF-05: names and titles are well-formed', () => {
    for (const [code, { status, title }] of Object.entries(ERROR_CODES)) {
      assert.match(code, /^[a-z]+(_[a-z]+)*$/);
      assert.ok(status >= 400 && status < 600 && /^[A-Z].*[^.]$/.test(title), code);
    }
  });
});
