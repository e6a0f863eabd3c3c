import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResolvedPool } from '@greenroom/client';
import { netOf, outcome } from './outcome.ts';

function decided(fields: Partial<ResolvedPool>): ResolvedPool {
  const pool: Partial<ResolvedPool> = { user_backed: {}, is_money_return: false, total_winnings: 0, ...fields };
  return pool as ResolvedPool;
}

test('won: the net gain, also when it is 0', () => {
  const pool = decided({ user_backed: { chile: 4 }, winning_target: 'chile', total_winnings: 11.5 });
  assert.deepEqual([outcome(pool), netOf(pool)], ['won', 11.5]);
  const alone = decided({ user_backed: { chile: 12 }, winning_target: 'chile' });
  assert.deepEqual([outcome(alone), netOf(alone)], ['won', 0]);
});

test('lost: the stake', () => {
  const pool = decided({ user_backed: { peru: 9.5 }, winning_target: 'chile' });
  assert.deepEqual([outcome(pool), netOf(pool)], ['lost', -9.5]);
});

test('returned: money return, called off, or only late stakes', () => {
  const cases = [
    decided({ user_backed: { chile: 5 }, winning_target: 'peru', is_money_return: true }),
    decided({ user_backed: { chile: 5 }, winning_target: null, is_money_return: true }),
    decided({ user_backed: {}, winning_target: 'chile' }),
  ];
  for (const pool of cases) assert.deepEqual([outcome(pool), netOf(pool)], ['returned', 0]);
});
