import assert from 'node:assert/strict';
import { test } from 'node:test';
import { friendBetShape, friendBetsOfGame, isByFriend, isInvitation } from './friends.ts';
import { betsOf } from './testing.ts';
import type { PoolState } from './types.ts';
import { messageFaults } from './vocabulary.ts';

const [bet] = betsOf('B 2.50 peru 1999');
assert.ok(bet);
const friendBet = { ...bet, username: 'bob', poolId: 'pool-1' };
const shape = {
  user_id: 'B',
  username: 'bob',
  target: 'peru',
  target_id: 'peru',
  amount: 2.5,
  placed_at: 1999,
  bet_id: 'bet-0',
  pool_id: 'pool-1',
};

test("a friend's bet shows its target under both names (4.3, I21)", () => {
  assert.deepEqual(friendBetShape(friendBet), shape);
  assert.equal(friendBetShape(friendBet, true).placed_at, 1);
  assert.deepEqual(messageFaults({ res: 460, pool_id: 'pool-1', predictions: [shape] }), []);
});

test('461 parts bets in unresolved pools from the rest (FR2)', () => {
  const inPool = (poolState: PoolState) => ({ ...friendBet, poolState, betId: poolState });
  const bets = (['resolved', 'open', 'expired', 'voided'] as const).map(inPool);
  assert.deepEqual(friendBetsOfGame(bets), {
    running: [{ ...shape, bet_id: 'open' }],
    resolved: ['resolved', 'expired', 'voided'].map((bet_id) => ({ ...shape, bet_id })),
  });
  assert.equal(friendBetsOfGame(bets, true).running[0]?.placed_at, 1);
});

test('by_friend is about another one who is a friend (FR3)', () => {
  const friends = new Set(['A', 'B']);
  assert.equal(isByFriend('B', 'A', friends), true);
  assert.equal(isByFriend('A', 'A', friends), false);
  assert.equal(isByFriend('C', 'A', friends), false);
  assert.equal(isByFriend('B', null, friends), true);
});

test('predictions-69: an invitation is a known one, and not the own (FR1)', () => {
  assert.equal(isInvitation('A', 'B'), true);
  assert.equal(isInvitation('B', 'B'), false);
  assert.equal(isInvitation(null, 'B'), false);
});
