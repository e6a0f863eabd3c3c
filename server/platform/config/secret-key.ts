import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * The installation's key: the setting, else what DATA_DIR/secret holds, else a new one written there once with mode 0600 (platform 1.1).
 * Two processes that start at once agree on one key.
 */
export function resolveSecretKey(settings: { SECRET_KEY: string | null; DATA_DIR: string }): string {
  if (settings.SECRET_KEY !== null) return settings.SECRET_KEY;
  const path = join(settings.DATA_DIR, 'secret');
  return readKey(path) ?? createKey(settings.DATA_DIR, path);
}

function readKey(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (text.length < 32)
    throw new Error('DATA_DIR/secret is damaged: it holds fewer than 32 characters; restore it from a backup');
  // A copy or a careless umask may have opened it to others.
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return text;
}

function createKey(folder: string, path: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.secret-${randomBytes(8).toString('hex')}`);
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, `${randomBytes(32).toString('base64url')}\n`);
  fsyncSync(file);
  closeSync(file);
  try {
    // A link is made whole or not at all and never replaces another process's key.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  const key = readKey(path);
  if (key === null) throw new Error('DATA_DIR/secret vanished while it was being written');
  return key;
}
