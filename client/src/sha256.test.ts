import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { connectionDigest, sha256Hex } from './sha256.ts';

test('published vectors', () => {
  assert.equal(sha256Hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(sha256Hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(
    sha256Hex('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  );
});

test('agrees with the system for every length around the block borders, and for long messages', () => {
  for (const length of [...Array(200).keys(), 1_000, 65_537]) {
    const bytes = randomBytes(length);
    assert.equal(sha256Hex(bytes), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
  }
});

test('strings are hashed as UTF-8', () => {
  const text = 'Österreich – 日本 🥅';
  assert.equal(sha256Hex(text), createHash('sha256').update(text, 'utf8').digest('hex'));
});

test('predictions WS4: the plain digest of the contract vector', () => {
  assert.equal(
    connectionDigest('0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10', '1700000000000', 'demo-key-7Qx2'),
    'f56c7f5f88c61d604fadd488d852ec8bc42b398a88a2feeeae1feabadc70b83c',
  );
});
