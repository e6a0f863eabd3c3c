import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planEmail, planPassword, planUsername, redirectUrl } from './account.ts';
import { assertRule } from './testing.ts';

test('predictions-11: a foreign next is dropped, a path of this site is kept (AU9)', () => {
  assert.equal(redirectUrl('//evil.example'), '/i/play');
  assert.equal(redirectUrl('/g/7'), '/i/play?next=%2Fg%2F7');
});

test('next is one leading slash and nothing a browser could read as another site (AU9)', () => {
  assert.equal(redirectUrl(null), '/i/play');
  assert.equal(redirectUrl('/'), '/i/play?next=%2F');
  assert.equal(redirectUrl('/é?a=b&c'), '/i/play?next=%2F%C3%A9%3Fa%3Db%26c');
  const foreign = ['', 'g/7', 'https://evil.example', 'javascript:alert(1)', '/\\evil.example', '\\\\evil.example'];
  const hidden = ['/\t/evil.example', '/a//b', ' /g', '/g 7', '/\u0000', '/\u0085', '/\uD800', '/x\n', 'x/g'];
  for (const next of [...foreign, ...hidden]) assert.equal(redirectUrl(next), '/i/play', JSON.stringify(next));
});

test('a username has 3 to 32 of A-Za-z0-9._- (AU1)', () => {
  for (const name of ['abc', 'A.b_c-9', 'x'.repeat(32)]) assert.equal(planUsername(name), name);
  for (const name of ['ab', 'x'.repeat(33), 'a b', 'añb', 'a@b', '', ' abc', 'abc\n']) {
    assertRule(() => planUsername(name), 'invalid_parameter', { name: 'username' });
  }
  assertRule(() => planUsername('', 'usernameNew'), 'invalid_parameter', { name: 'usernameNew' });
  assert.throws(() => planUsername('a'), { message: /3 to 32/ });
});

test('a password has 8 to 128 characters (AU1)', () => {
  for (const password of ['12345678', '👍'.repeat(8), 'x'.repeat(128), '👍'.repeat(128)]) {
    assert.equal(planPassword(password), password);
  }
  for (const password of ['1234567', '👍'.repeat(7), 'x'.repeat(129), '', '1234567\u0000']) {
    assertRule(() => planPassword(password), 'invalid_parameter', { name: 'password' });
  }
  assertRule(() => planPassword('', 'password1'), 'invalid_parameter', { name: 'password1' });
  assert.throws(() => planPassword('a'), { message: /8 to 128/ });
});

test('an e-mail has one @ between two parts without white space, and at most 254 characters (AU1)', () => {
  assert.equal(planEmail(' a@b.example '), 'a@b.example');
  const longest = `${'x'.repeat(64)}@${'y'.repeat(189)}`;
  assert.equal(planEmail(longest), longest);
  for (const email of [
    '',
    'a',
    '@b',
    'a@',
    'a@b@c',
    'a b@c',
    'a@b c',
    `${longest}y`,
    `${'x'.repeat(65)}@y`,
    'a@b\u0000',
  ]) {
    assertRule(() => planEmail(email), 'invalid_parameter', { name: 'email' });
  }
  assertRule(() => planEmail('', 'mail'), 'invalid_parameter', { name: 'mail' });
  assert.throws(() => planEmail(''), { message: /e-mail/ });
});
