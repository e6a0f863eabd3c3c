import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs } from './backoff.ts';

const OPTIONS = { baseMs: 500, maxMs: 20_000 };

test('the limit doubles until the longest wait, and any part of it may be drawn', () => {
  const highest = (attempt: number) => backoffMs(attempt, OPTIONS, () => 1);
  assert.deepEqual([0, 1, 2, 5, 6, 1_000].map(highest), [500, 1_000, 2_000, 16_000, 20_000, 20_000]);
  assert.equal(
    backoffMs(3, OPTIONS, () => 0),
    0,
  );
});
