import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Invalid } from '../errors.ts';
import { SeededRandom } from '../testing/random.ts';
import { anyName, emailFaults, keyOfName, makeUpName, nameFaults, refuseFaults } from './names.ts';

test('PF-10: names that differ only in case or Unicode form have one key', () => {
  assert.equal(keyOfName('Ärger'), keyOfName('A\u0308RGER'));
  assert.equal(keyOfName('ＦＡＮ'), 'fan');
  assert.equal(keyOfName('ﬁn'), 'fin');
  assert.equal(keyOfName('Straße'), keyOfName('STRASSE'));
  assert.equal(keyOfName('ΟΔΟΣ'), keyOfName('οδος'));
});

test('PF-10: every character has one key in all its cases and forms, and a key is its own key', () => {
  for (let point = 1; point < 0xd800; point++) {
    const text = `a${String.fromCodePoint(point)}`;
    const key = keyOfName(text);
    for (const same of [key, text.toUpperCase(), text.toLowerCase(), text.normalize('NFD')]) {
      assert.equal(keyOfName(same), key, `U+${point.toString(16)}`);
    }
  }
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => keyOfName(keyOfName(text)) === keyOfName(text)));
});

test('PF-66: names of 1 to 150 letters, digits and _ . @ + - are kept; others refused', () => {
  for (const good of ['a', 'Zoë', 'Юрий', 'x@y', 'a.b+c-d_e', 'é'.repeat(150)]) assert.equal(anyName(good), null, good);
  for (const bad of ['', 'a b', 'a/b', 'é'.repeat(151), 'a\n', '⅓', '😀', 'Deleted-7', 'ＤＥＬＥＴＥＤ-7']) {
    assert.notEqual(anyName(bad), null, JSON.stringify(bad));
  }
});

test("PF-66: a route's narrower rule is asked after the widest one", () => {
  const short = (name: string) => (name.length > 3 ? 'too long' : null);
  assert.deepEqual(nameFaults('abcd', short), [{ field: 'username', message: 'too long' }]);
  assert.deepEqual(nameFaults('abc', short), []);
  assert.notEqual(nameFaults('a b', short)[0]?.message, 'too long');
});

test('PF-66: e-mails', () => {
  for (const good of ['a@b', 'first.last+tag@example.org', 'юрий@пример.рф']) assert.deepEqual(emailFaults(good), []);
  const bads = ['', 'a', '@b', 'a@', 'a@b@c', 'a b@c', 'a@b\r\nBcc: x', '<a@b>', `${'a'.repeat(250)}@b.cc`];
  for (const bad of bads) assert.equal(emailFaults(bad).length, 1, JSON.stringify(bad));
});

test('PF-66: made-up names fit the narrowest rule', () => {
  const random = new SeededRandom('names');
  for (let i = 0; i < 100; i++) assert.match(makeUpName(random), /^[A-Za-z0-9_]{3,30}$/);
});

test('PF-04: faults are thrown together, with their fields', () => {
  refuseFaults([]);
  assert.throws(
    () => refuseFaults([{ field: 'a', message: 'x' }]),
    (error) => error instanceof Invalid && error.code === 'invalid_input',
  );
});
