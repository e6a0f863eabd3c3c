import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { divideHalfUp, floorDivide, LARGEST_AMOUNT, moneyOut, parseStake, readAmount } from './money.ts';
import { assertRule, money } from './testing.ts';

const anyAmount = fc.bigInt({ min: 1n, max: LARGEST_AMOUNT });
const unlimited = { minBet: 1n, maxBet: null };

test('predictions-44: 0, -1, 1.005 and "abc" are no amounts, each for its reason', () => {
  const faultOf = (value: unknown) => {
    const reading = readAmount(value);
    return reading.ok ? reading.amount : reading.fault;
  };
  assert.equal(faultOf(0), 'not_positive');
  assert.equal(faultOf(-1), 'not_positive');
  assert.equal(faultOf(1.005), 'too_precise');
  assert.equal(faultOf('abc'), 'not_a_number');
  for (const value of [0, -1, 1.005, 'abc']) assertRule(() => parseStake(value, unlimited), 'amount_invalid');
});

test('an amount is a number or a numeric string with at most two decimals (WC5)', () => {
  const amounts: [unknown, bigint][] = [
    [10, 1000n],
    ['10', 1000n],
    [' 10.5 ', 1050n],
    ['+2.05', 205n],
    [0.01, 1n],
    [0.1, 10n],
    [1.1, 110n],
    ['007', 700n],
    [9000000003.0, 900000000300n],
    ['9000000003.00', 900000000300n],
    ['9999999999999.99', LARGEST_AMOUNT],
  ];
  for (const [value, amount] of amounts) assert.deepEqual(readAmount(value), { ok: true, amount }, String(value));
});

test('what is not plainly an amount is refused with its reason', () => {
  const refused: [unknown, string][] = [
    ['', 'not_a_number'],
    ['.5', 'not_a_number'],
    ['5.', 'not_a_number'],
    ['1e3', 'not_a_number'],
    ['0x10', 'not_a_number'],
    ['1,000', 'not_a_number'],
    ['1 000', 'not_a_number'],
    ['1.2.3', 'not_a_number'],
    ['10 DON', 'not_a_number'],
    ['--1', 'not_a_number'],
    [Number.NaN, 'not_a_number'],
    [Number.POSITIVE_INFINITY, 'not_a_number'],
    [1e21, 'not_a_number'],
    [1e-7, 'not_a_number'],
    [null, 'not_a_number'],
    [undefined, 'not_a_number'],
    [true, 'not_a_number'],
    [[10], 'not_a_number'],
    [10n, 'not_a_number'],
    ['1'.repeat(31), 'not_a_number'],
    ['1.000', 'too_precise'],
    [0.1 + 0.2, 'too_precise'],
    ['0.00', 'not_positive'],
    ['-0.01', 'not_positive'],
    ['10000000000000.00', 'too_large'],
    [1e20, 'too_large'],
  ];
  for (const [value, fault] of refused) assert.deepEqual(readAmount(value), { ok: false, fault }, String(value));
});

test('a stake must lie within the limits, both ends included', () => {
  const limits = { minBet: 50n, maxBet: 1000n };
  assert.equal(parseStake('0.50', limits), 50n);
  assert.equal(parseStake(10, limits), 1000n);
  assertRule(() => parseStake('0.49', limits), 'amount_invalid', { reason: 'below_minimum' });
  assertRule(() => parseStake(10.01, limits), 'amount_invalid', { reason: 'above_maximum' });
  assertRule(() => parseStake('x', limits), 'amount_invalid', { reason: 'not_a_number' });
  assert.equal(parseStake('9999999999999.99', unlimited), LARGEST_AMOUNT);
});

test('money goes out as it came in, as number and as text', () => {
  fc.assert(
    fc.property(anyAmount, (amount) => {
      const out = moneyOut(amount);
      assert.deepEqual(readAmount(out), { ok: true, amount });
      assert.deepEqual(readAmount(JSON.stringify(out)), { ok: true, amount });
    }),
  );
  assert.equal(moneyOut(900000000300n), 9000000003);
  assert.equal(moneyOut(-17n), -0.17);
  assert.equal(moneyOut(0n), 0);
  assert.equal(JSON.stringify(moneyOut(LARGEST_AMOUNT)), '9999999999999.99');
  assert.equal(money('1.50'), 150n);
});

test('floorDivide rounds down, also below zero', () => {
  assert.deepEqual(
    [7n, -7n, 6n, -6n, 0n, -1n].map((a) => floorDivide(a, 3n)),
    [2n, -3n, 2n, -2n, 0n, -1n],
  );
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), (a, b) => {
      const quotient = floorDivide(a, b);
      assert.ok(quotient * b <= a && a < (quotient + 1n) * b);
    }),
  );
});

test('divideHalfUp rounds to the nearest, halves up, also below zero', () => {
  const pairs: [bigint, bigint, bigint][] = [
    [5n, 2n, 3n],
    [-5n, 2n, -2n],
    [4n, 3n, 1n],
    [5n, 3n, 2n],
    [-4n, 3n, -1n],
    [-5n, 3n, -2n],
    [0n, 9n, 0n],
    [6n, 3n, 2n],
  ];
  for (const [a, b, expected] of pairs) assert.equal(divideHalfUp(a, b), expected, `${a} / ${b}`);
});
