import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlePool } from './payout.ts';
import { recreatePool } from './pool.ts';
import { type PoolEnding, resolvePool } from './resolution.ts';
import { resultBody } from './result.ts';
import { aPool, assertRule, betsOf } from './testing.ts';
import { messageFaults } from './vocabulary.ts';

const goal: PoolEnding = { kind: 'event', winningTarget: 'chile', happenedAt: 200 };
const moment = { resolvedAt: 300, gameState: 'opened' } as const;
const bets = betsOf('A 4.00 chile 100', 'B 9.00 none 100', 'C 1.00 chile 200');

test('predictions-22 predictions-35: an event resolves the pool by 362, bets from its time on are late (EV7)', () => {
  const resolution = resolvePool(aPool(), bets, goal, moment);
  const settlement = settlePool(bets, { winningTarget: 'chile', lateFrom: 200 });
  assert.deepEqual(resolution, {
    state: 'resolved',
    res: 362,
    settlement,
    body: resultBody(aPool(), settlement, { resolvedAt: 300, expiredAt: null }),
    successor: null,
  });
  assert.deepEqual(resolution.body.invalidated_bettors, ['C']);
  assert.deepEqual(messageFaults({ res: 362, ...resolution.body }), []);
});

test('predictions-50: an expiry resolves to none by 363, told with its due time; nothing is late (PL12, SC4, EV14)', () => {
  const { state, res, body } = resolvePool(aPool({ type: 2 }), bets, { kind: 'expiry', dueAt: 250 }, moment);
  assert.deepEqual([state, res], ['expired', 363]);
  assert.deepEqual(
    [body.winning_target, body.expired_at, body.resolved_at, body.invalidated_bettors],
    ['none', 250, 300, []],
  );
  assert.deepEqual([body.winners, body.losers], [{ B: 5 }, { A: 4, C: 1 }]);
  assert.deepEqual(messageFaults({ res: 363, ...body }), []);
});

test('predictions-56: the close of a game resolves to none by 362 (GM7)', () => {
  const { state, res, body } = resolvePool(aPool(), bets, { kind: 'close' }, moment);
  assert.deepEqual([state, res, body.winning_target, body.is_money_return], ['resolved', 362, 'none', false]);
  assert.equal(Object.hasOwn(body, 'expired_at'), false);
});

test('a void names nobody and returns all by 362 (GM9, GM11, PO2)', () => {
  const { state, res, body, settlement } = resolvePool(aPool(), bets, { kind: 'void' }, moment);
  assert.deepEqual([state, res, body.winning_target, body.is_money_return], ['voided', 362, null, true]);
  assert.deepEqual(
    settlement.users.map((user) => user.returned),
    [400n, 900n, 100n],
  );
});

test('predictions-41 predictions-53: event and expiry of such a pool give its successor, close and void none (PL11)', () => {
  const pool = aPool({ type: 2, finishAt: 300, recreateOnEnd: true });
  const successor = (ending: PoolEnding, gameState: 'opened' | 'closing' = 'opened') =>
    resolvePool(pool, [], ending, { resolvedAt: 300, gameState }).successor;
  assert.deepEqual(successor(goal), recreatePool(pool, 300));
  assert.deepEqual(successor({ kind: 'expiry', dueAt: 300 }), recreatePool(pool, 300));
  for (const ending of [{ kind: 'close' }, { kind: 'void' }] as const) assert.equal(successor(ending), null);
  assert.equal(successor(goal, 'closing'), null);
});

test('predictions-39: a pool ends once (PL13)', () => {
  for (const state of ['resolved', 'expired', 'voided'] as const) {
    assertRule(() => resolvePool(aPool({ state }), bets, goal, moment), 'pool_closed');
  }
});
