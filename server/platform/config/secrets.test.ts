import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { resolveSecretKey } from './secret-key.ts';
import { createSecrets, SecretUnreadable } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'greenroom-secret-'));
after(() => rmSync(folder, { recursive: true }));

describe('secrets', () => {
  it('PF-73: what is sealed opens for the same purpose only', () => {
    const secrets = createSecrets('a'.repeat(32));
    const sealed = secrets.seal('totp', 'JBSWY3DP');
    assert.equal(secrets.open('totp', sealed).toString(), 'JBSWY3DP');
    assert.throws(() => secrets.open('webhook', sealed), SecretUnreadable);
    assert.notEqual(secrets.seal('totp', 'JBSWY3DP'), sealed);
    assert.ok(!sealed.includes('JBSWY3DP'));
  });

  it('PF-73: a changed, cut or foreign text is refused', () => {
    const secrets = createSecrets('a'.repeat(32));
    const sealed = secrets.seal('totp', 'JBSWY3DP');
    const flipped = `${sealed.slice(0, -3)}${sealed.at(-3) === 'A' ? 'B' : 'A'}${sealed.slice(-2)}`;
    for (const text of [flipped, sealed.slice(0, 20), 'plain', '', `v2${sealed.slice(2)}`]) {
      assert.throws(() => secrets.open('totp', text), SecretUnreadable, text);
    }
  });

  it('PF-73: every ciphertext names its key, and the previous key still reads', () => {
    const before = createSecrets('a'.repeat(32));
    const sealed = before.seal('totp', 'x');
    const rotated = createSecrets('b'.repeat(32), 'a'.repeat(32));
    assert.equal(rotated.open('totp', sealed).toString(), 'x');
    assert.equal(rotated.isCurrent(sealed), false);
    assert.equal(rotated.isCurrent(rotated.seal('totp', 'x')), true);
    assert.throws(
      () => createSecrets('b'.repeat(32)).open('totp', sealed),
      (error) => error instanceof SecretUnreadable && error.keyId === before.keyId,
    );
  });

  it('PF-73: a purpose has a key of its own, stable over restarts', () => {
    const secrets = createSecrets('a'.repeat(32));
    assert.notDeepEqual(secrets.derive('jwt'), secrets.derive('sdk'));
    assert.deepEqual(secrets.derive('jwt'), createSecrets('a'.repeat(32)).derive('jwt'));
    assert.equal(secrets.derive('jwt').length, 32);
    assert.equal(createSecrets('b'.repeat(32), 'a'.repeat(32)).deriveAll('jwt').length, 2);
  });

  it('platform 1.1: the key is generated once, mode 0600, and read again', () => {
    const settings = { SECRET_KEY: null, DATA_DIR: join(folder, 'data') };
    const key = resolveSecretKey(settings);
    assert.ok(key.length >= 32);
    assert.equal(statSync(join(settings.DATA_DIR, 'secret')).mode & 0o777, 0o600);
    assert.equal(resolveSecretKey(settings), key);
    chmodSync(join(settings.DATA_DIR, 'secret'), 0o644);
    assert.equal(resolveSecretKey(settings), key);
    assert.equal(statSync(join(settings.DATA_DIR, 'secret')).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(settings.DATA_DIR), ['secret']);
    assert.equal(resolveSecretKey({ ...settings, SECRET_KEY: 'given' }), 'given');
  });

  it('platform 1.1: a damaged key file is not replaced in silence', () => {
    const settings = { SECRET_KEY: null, DATA_DIR: folder };
    writeFileSync(join(folder, 'secret'), '');
    assert.throws(() => resolveSecretKey(settings), /damaged/);
  });
});
