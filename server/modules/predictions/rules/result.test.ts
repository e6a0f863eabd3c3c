import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settlePool } from './payout.ts';
import { MOST_RESULT_ENTRIES, resultBody, totalWinnings, withOwnEntry } from './result.ts';
import { aPool, betsOf } from './testing.ts';
import type { Bet } from './types.ts';

const resolved = { resolvedAt: 5000, expiredAt: null };
const onChile = { winningTarget: 'chile', lateFrom: 100 };

test('the body of 362 has the fields of Result and no more (4.3)', () => {
  const settlement = settlePool(betsOf('A 4.00 chile', 'B 9.00 peru', 'C 2.50 chile 100'), onChile);
  assert.deepEqual(resultBody(aPool(), settlement, resolved), {
    pool_id: 'pool-1',
    game_id: 'game-1',
    description: 'Next goal?',
    winning_target: 'chile',
    winners: { A: 9 },
    losers: { B: 9 },
    invalidated_bettors: ['C'],
    is_money_return: false,
    resolved_at: 5000,
  });
});

test('predictions-50: the body of 363 adds when it was due, and when it was processed (SC4, I25)', () => {
  const settlement = settlePool(betsOf('A 6.00 chile', 'B 3.00 none', 'C 3.00 none'), {
    winningTarget: 'none',
    lateFrom: null,
  });
  const body = resultBody(aPool(), settlement, { resolvedAt: 3_900_007, expiredAt: 3_900_000 });
  assert.deepEqual([body.expired_at, body.resolved_at, body.winning_target], [3_900_000, 3_900_007, 'none']);
  assert.deepEqual([body.winners, body.losers], [{ B: 3, C: 3 }, { A: 6 }]);
});

test('predictions-34: a pool without bets gives empty maps and the flag (PO2)', () => {
  const body = resultBody(aPool(), settlePool([], onChile), resolved);
  assert.deepEqual([body.winners, body.losers, body.invalidated_bettors, body.is_money_return], [{}, {}, [], true]);
});

/** Winners w0000…, losers l0000…, late ones x0000…; stakes rise with the number, twice each. */
const crowd = (winners: number, losers: number, late: number): Bet[] => {
  const group = (count: number, letter: string, targetId: string, placedAt: number) =>
    Array.from({ length: count }, (_, index) => ({
      betId: `${letter}${index}`,
      userId: `${letter}${String(index).padStart(4, '0')}`,
      targetId,
      amount: BigInt(1 + Math.floor(index / 2)),
      placedAt,
      seq: index,
    }));
  const bets = [
    ...group(winners, 'w', 'chile', 0),
    ...group(losers, 'l', 'peru', 0),
    ...group(late, 'x', 'chile', 100),
  ];
  return bets.map((bet, place) => ({ ...bet, seq: bets.length - place }));
};

test('a thousand of each are shown whole and without totals (BO1)', () => {
  const body = resultBody(aPool(), settlePool(crowd(1000, 1000, 1000), onChile), resolved);
  assert.deepEqual(
    [Object.keys(body.winners).length, Object.keys(body.losers).length, body.invalidated_bettors.length],
    [MOST_RESULT_ENTRIES, 1000, 1000],
  );
  for (const field of ['truncated', 'winners_total', 'losers_total']) assert.equal(Object.hasOwn(body, field), false);
});

test('above that the first thousand by stake, then id, with the totals (BO1)', () => {
  const body = resultBody(aPool(), settlePool(crowd(1003, 5, 0), onChile), resolved);
  assert.deepEqual([body.truncated, body.winners_total, body.losers_total], [true, 1003, 5]);
  const missing = ['w0000', 'w0001', 'w0002', 'w0003'].filter((id) => !Object.hasOwn(body.winners, id));
  assert.deepEqual(missing, ['w0000', 'w0001', 'w0003']);
  assert.equal(Object.keys(body.winners).length, 1000);
  assert.equal(Object.keys(body.winners)[0], 'w1002');
  assert.deepEqual(Object.keys(body.winners).slice(1, 3), ['w1000', 'w1001']);

  const lost = resultBody(aPool(), settlePool(crowd(1, 1001, 0), onChile), resolved);
  assert.deepEqual([lost.truncated, lost.winners_total, lost.losers_total], [true, 1, 1001]);
  assert.deepEqual(
    ['l0000', 'l0001'].map((id) => Object.hasOwn(lost.losers, id)),
    [true, false],
  );
  assert.equal(Object.keys(lost.losers).length, 1000);

  const late = resultBody(aPool(), settlePool(crowd(1, 0, 1001), onChile), resolved);
  assert.equal(late.truncated, true);
  assert.deepEqual(late.invalidated_bettors.slice(0, 3), ['x1000', 'x0998', 'x0999']);
  assert.equal(late.invalidated_bettors.length, 1000);
  assert.equal(late.invalidated_bettors.includes('x0001'), false);
});

test("the receiver's own entry is added where the bound left it out, else the body is the shared one (BO1)", () => {
  const settlement = settlePool(crowd(1003, 1003, 1003), onChile);
  const body = resultBody(aPool(), settlement, resolved);
  const own = (userId: string) => {
    const user = settlement.users.find((candidate) => candidate.userId === userId);
    assert.ok(user);
    return { user, body: withOwnEntry(body, user) };
  };

  const winner = own('w0000');
  assert.equal(winner.body.winners.w0000, Number(winner.user.net) / 100);
  assert.equal(Object.keys(winner.body.winners).length, 1001);
  assert.deepEqual({ ...winner.body, winners: body.winners }, body);

  const loser = own('l0000');
  assert.equal(loser.body.losers.l0000, 0.01);
  assert.deepEqual({ ...loser.body, losers: body.losers }, body);

  const late = own('x0000');
  assert.deepEqual(late.body.invalidated_bettors, [...body.invalidated_bettors, 'x0000']);
  assert.deepEqual({ ...late.body, invalidated_bettors: body.invalidated_bettors }, body);

  for (const userId of ['w1002', 'l1002', 'x1002']) assert.equal(own(userId).body, body);
});

test('one who is shown among the late but not among the winners gets only what is missing (EV7, BO1)', () => {
  const bets = [
    ...crowd(1003, 0, 0),
    { betId: 'late', userId: 'w0000', targetId: 'chile', amount: 9n, placedAt: 100, seq: 5000 },
  ];
  const settlement = settlePool(bets, onChile);
  const body = resultBody(aPool(), settlement, resolved);
  const user = settlement.users.find((candidate) => candidate.userId === 'w0000');
  assert.ok(user);
  const own = withOwnEntry(body, user);
  assert.deepEqual(own.invalidated_bettors, ['w0000']);
  assert.equal(Object.hasOwn(own.winners, 'w0000'), true);
});

test('a returned stake stands nowhere, so its receiver reads the shared body', () => {
  const settlement = settlePool(betsOf('A 1.00 chile'), { winningTarget: 'peru', lateFrom: null });
  const body = resultBody(aPool(), settlement, resolved);
  for (const user of settlement.users) assert.equal(withOwnEntry(body, user), body);
});

test('total_winnings is the net of a winner and 0 for everybody else (PO7)', () => {
  const settlement = settlePool(betsOf('A 4.00 chile', 'B 9.00 peru', 'C 2.50 chile 100'), onChile);
  assert.deepEqual(settlement.users.map(totalWinnings), [900n, 0n, 0n]);
});
