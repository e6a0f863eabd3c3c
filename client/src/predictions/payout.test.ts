import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAmount, previewPayout, toCents } from './payout.ts';

test('predictions-23 seen by C before betting: 30 and 10 on chile, C wants 20 on peru', () => {
  const preview = previewPayout({ totalCents: 4_000n, backingCents: 0n, ownCents: 0n }, 2_000n);
  assert.deepEqual(preview, { returnCents: 6_000n, netCents: 4_000n, multiplier: 3 });
});

test('own earlier stake counts in: the preview is for the whole position', () => {
  const preview = previewPayout({ totalCents: 2_000n, backingCents: 1_000n, ownCents: 500n }, 500n);
  assert.deepEqual(preview, { returnCents: 1_666n, netCents: 666n, multiplier: 1.6666 });
});

test('a return never is below the own stake, nor above the pool (PO5)', () => {
  const cents = fc.bigInt({ min: 0n, max: 10n ** 12n });
  fc.assert(
    fc.property(cents, cents, cents, fc.bigInt({ min: 1n, max: 10n ** 12n }), (others, onTarget, own, amount) => {
      const pool = { totalCents: others + onTarget + own, backingCents: onTarget + own, ownCents: own };
      const { returnCents, netCents } = previewPayout(pool, amount);
      return netCents >= 0n && returnCents <= pool.totalCents + amount;
    }),
  );
});

test('typed amounts', () => {
  assert.deepEqual(['12', '12.5', '12,50', ' 0.01 '].map(parseAmount), [1_200n, 1_250n, 1_250n, 1n]);
  for (const wrong of ['', '0', '-1', '1.005', 'abc', '1e3', '1 000', '0.00']) {
    assert.equal(parseAmount(wrong), undefined, wrong);
  }
  assert.equal(toCents(1015.07), 101_507n);
});
