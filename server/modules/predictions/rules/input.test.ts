import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isStorable,
  isUnset,
  readBoolean,
  readId,
  readInteger,
  readList,
  readNumber,
  readText,
  readTime,
} from './input.ts';
import { assertRule } from './testing.ts';

const refuses = (call: () => unknown, name: string) => assertRule(call, 'invalid_parameter', { name });

test('absent, null and the empty string are unset, nothing else', () => {
  for (const value of [undefined, null, '']) assert.equal(isUnset(value), true);
  for (const value of [0, false, ' ', [], {}]) assert.equal(isUnset(value), false);
});

test('predictions-13: open_at 1700000000 is seconds, close_at "None" is unset (WC4)', () => {
  assert.equal(readTime(1700000000, 'open_at'), 1700000000000);
  assert.equal(readTime('None', 'close_at'), null);
});

test('times come as number or numeric string, in seconds below 100 000 000 000 (WC4, I5, I7)', () => {
  const times: [unknown, number | null][] = [
    [1700000000123, 1700000000123],
    ['1700000000123', 1700000000123],
    [' 1700000000 ', 1700000000000],
    [1700000000.25, 1700000000250],
    ['1700000000.5', 1700000000500],
    [1700000000123.9, 1700000000123],
    [99_999_999_999, 99_999_999_999_000],
    [100_000_000_000, 100_000_000_000],
    [0, 0],
    [8_640_000_000_000_000, 8_640_000_000_000_000],
    ['', null],
    [null, null],
    [undefined, null],
    ['none', null],
    [' NULL ', null],
  ];
  for (const [value, expected] of times) assert.equal(readTime(value, 'at'), expected, String(value));
});

test('what is no time is refused with its name', () => {
  for (const value of ['soon', -1, '-5', true, {}, [], Number.NaN, Number.POSITIVE_INFINITY, 8_640_000_000_000_001]) {
    refuses(() => readTime(value, 'finish_at'), 'finish_at');
  }
});

test('booleans come in all documented spellings (WC6, I10)', () => {
  for (const value of [true, 1, '1', 'true', 'True', ' TRUE ']) assert.equal(readBoolean(value, 'hot'), true);
  for (const value of [false, 0, '0', 'false', 'False', 'FALSE ']) assert.equal(readBoolean(value, 'hot'), false);
  for (const value of ['', null, undefined]) assert.equal(readBoolean(value, 'hot'), null);
  for (const value of ['yes', 2, -1, '01', {}, [true]]) refuses(() => readBoolean(value, 'hot'), 'hot');
});

test('lists come as array or comma-separated, trimmed, without empty items (WC7)', () => {
  const lists: [unknown, string[]][] = [
    ['Chile:11, Peru:4', ['Chile:11', 'Peru:4']],
    [',a,, b ,', ['a', 'b']],
    [
      ['a, b', ' c ', '', 7],
      ['a, b', 'c', '7'],
    ],
    ['one', ['one']],
    ['', []],
    [null, []],
    [undefined, []],
    [[], []],
  ];
  for (const [value, expected] of lists) assert.deepEqual(readList(value, 'targets', 9), expected);
  for (const value of [7, true, {}, [null], [{}], [['a']], [Number.NaN], ['a\u0000'], ['\uD800']]) {
    refuses(() => readList(value, 'targets', 9), 'targets');
  }
});

test('a list may hold its most items and not one more', () => {
  assert.deepEqual(readList('a,b,c', 'targets', 3), ['a', 'b', 'c']);
  refuses(() => readList('a,b,c,d', 'targets', 3), 'targets');
  refuses(() => readList(['a', 'b', 'c', 'd'], 'targets', 3), 'targets');
});

test('ids come as string or number and are compared as strings (WC8)', () => {
  assert.equal(readId(17, 'user_id'), '17');
  assert.equal(readId(' 17 ', 'user_id'), '17');
  for (const value of ['', null, undefined]) assert.equal(readId(value, 'user_id'), null);
  assert.equal(readId('x'.repeat(512), 'user_id'), 'x'.repeat(512));
  for (const value of ['  ', true, {}, ['a'], Number.NaN, 'x'.repeat(513), 'a\u0000b', '\uDC00']) {
    refuses(() => readId(value, 'user_id'), 'user_id');
  }
});

test('text stays as typed, counts characters, and must be storable', () => {
  assert.equal(readText(' hi ', 'text', 4), ' hi ');
  assert.equal(readText('', 'text', 4), '');
  assert.equal(readText('👍👍', 'text', 2), '👍👍');
  for (const value of [null, undefined]) assert.equal(readText(value, 'text', 4), null);
  for (const value of ['12345', 7, {}, ['a'], true, 'a\u0000', '\uD800x']) {
    refuses(() => readText(value, 'text', 4), 'text');
  }
});

test('integers come as number or numeric string within their bounds', () => {
  assert.equal(readInteger('12', 'end', 0, 100), 12);
  assert.equal(readInteger(0, 'end', 0, 100), 0);
  assert.equal(readInteger(100, 'end', 0, 100), 100);
  for (const value of ['', null, undefined]) assert.equal(readInteger(value, 'end', 0, 100), null);
  for (const value of [-1, 101, 1.5, '1.5', 'ten', true, {}, []])
    refuses(() => readInteger(value, 'end', 0, 100), 'end');
});

test('numbers are finite and plainly written', () => {
  assert.equal(readNumber('12.25'), 12.25);
  assert.equal(readNumber(' +3 '), 3);
  assert.equal(readNumber('-3'), -3);
  assert.equal(readNumber(-0.5), -0.5);
  for (const value of ['', '1e3', '0x1', '.5', '5.', '1 2', 'a1', '1a', '1'.repeat(21), Number.NaN, null, [3]]) {
    assert.equal(readNumber(value), null, String(value));
  }
});

test('storable text has no U+0000 and no half surrogate', () => {
  assert.equal(isStorable('né 👍'), true);
  assert.equal(isStorable(''), true);
  for (const text of ['\u0000', 'a\u0000', '\uD83D', '\uDC4Dx']) assert.equal(isStorable(text), false);
});

test('reading whatever comes gives a value of its kind or an invalid_parameter', () => {
  const readers = [
    (value: unknown) => readTime(value, 'p'),
    (value: unknown) => readBoolean(value, 'p'),
    (value: unknown) => readList(value, 'p', 5),
    (value: unknown) => readId(value, 'p'),
    (value: unknown) => readText(value, 'p', 5),
    (value: unknown) => readInteger(value, 'p', 0, 5),
  ];
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...readers), (value, read) => {
      try {
        read(value);
      } catch (error) {
        assertRule(
          () => {
            throw error;
          },
          'invalid_parameter',
          { name: 'p' },
        );
      }
    }),
  );
});
