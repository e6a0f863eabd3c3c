import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decidedMultiplier, openMultiplier } from './multiplier.ts';

test('an open pool shows T / money on the target, cut to 4 decimals (PO9)', () => {
  assert.equal(openMultiplier({ total: 4000n, onTarget: 3000n }), 1.3333);
  assert.equal(openMultiplier({ total: 4000n, onTarget: 1000n }), 4);
  assert.equal(openMultiplier({ total: 4000n, onTarget: 0n }), 1);
  assert.equal(openMultiplier({ total: 0n, onTarget: 0n }), 1);
  assert.equal(openMultiplier({ total: 2n, onTarget: 3n }), 0.6666);
  assert.equal(openMultiplier({ total: 900000000400n, onTarget: 900000000100n }), 1);
  assert.equal(openMultiplier({ total: 1999_99n, onTarget: 1000_00n }), 1.9999);
});

test('a multiplier is never above the true quotient and less than 0.0001 below it', () => {
  const money = fc.bigInt({ min: 1n, max: 10n ** 11n });
  fc.assert(
    fc.property(money, money, (onTarget, others) => {
      const total = onTarget + others;
      const units = BigInt(Math.round(openMultiplier({ total, onTarget }) * 10_000));
      assert.ok(units * onTarget <= total * 10_000n && total * 10_000n < (units + 1n) * onTarget);
    }),
  );
});

test('a decided pool shows T/S on the winner and 0 elsewhere, 1 everywhere on money return (PO10)', () => {
  const money = { total: 6000n, onTarget: 4000n };
  const won = { winningTarget: 'chile', isMoneyReturn: false };
  assert.equal(decidedMultiplier('chile', money, won), 1.5);
  assert.equal(decidedMultiplier('peru', money, won), 0);
  for (const winningTarget of ['chile', null]) {
    const returned = { winningTarget, isMoneyReturn: true };
    assert.equal(decidedMultiplier('chile', money, returned), 1);
    assert.equal(decidedMultiplier('peru', money, returned), 1);
  }
});
