import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { moneyOut } from './money.ts';
import { decidedMultiplier } from './multiplier.ts';
import { countOutcomes, type PoolDecision, type Settlement, settlePool } from './payout.ts';
import { resultBody } from './result.ts';
import { statisticsOf } from './statistics.ts';
import { aPool, betsOf, money } from './testing.ts';
import type { Bet } from './types.ts';

const decide = (winningTarget: string | null, lateFrom: number | null = null): PoolDecision => ({
  winningTarget,
  lateFrom,
});
const onChile = decide('chile', 1);

const figures = (settlement: Settlement, field: 'payout' | 'net' | 'returned' | 'credited') =>
  Object.fromEntries(settlement.users.map((user) => [user.userId, moneyOut(user[field])]));
const body = (settlement: Settlement) => resultBody(aPool(), settlement, { resolvedAt: 1, expiredAt: null });

/** Settles for chile and checks payouts by user; winners' nets must add up to the losers' stakes (PO6). */
function settle(lines: readonly string[], payouts: Record<string, number>, decision = onChile): Settlement {
  const settlement = settlePool(betsOf(...lines), decision);
  const winners = settlement.users.filter((user) => user.outcome === 'won');
  assert.deepEqual(Object.fromEntries(winners.map((user) => [user.userId, moneyOut(user.payout)])), payouts);
  return settlement;
}

test('predictions-22: the winner takes the pool', () => {
  const { winners, losers } = body(settle(['A 4.00 chile', 'B 9.00 peru', 'C 2.50 none'], { A: 15.5 }));
  assert.deepEqual([winners, losers], [{ A: 11.5 }, { B: 9, C: 2.5 }]);
});

test('predictions-23: winners share by their stakes; the multiplier is T/S', () => {
  const settlement = settle(['A 30.00 chile', 'B 10.00 chile', 'C 20.00 peru'], { A: 45, B: 15 });
  assert.deepEqual(figures(settlement, 'net'), { A: 15, B: 5, C: -20 });
  const { total, onWinner } = settlement;
  const verdict = { winningTarget: 'chile', isMoneyReturn: false };
  assert.equal(decidedMultiplier('chile', { total, onTarget: onWinner }, verdict), 1.5);
});

test('predictions-24: one unit left goes to the first to bet among equals', () => {
  const settlement = settle(['A 1.00 chile', 'B 1.00 chile', 'C 1.00 chile', 'D 10.00 peru'], {
    A: 4.34,
    B: 4.33,
    C: 4.33,
  });
  assert.deepEqual(figures(settlement, 'net'), { A: 3.34, B: 3.33, C: 3.33, D: -10 });
});

test('predictions-25: one unit left goes to the largest remainder', () => {
  const settlement = settle(['A 5.00 chile', 'B 3.00 chile', 'C 3.00 chile', 'D 1.00 peru'], {
    A: 5.46,
    B: 3.27,
    C: 3.27,
  });
  assert.deepEqual(figures(settlement, 'net'), { A: 0.46, B: 0.27, C: 0.27, D: -1 });
});

test('predictions-26: two units left go to the first two among equals', () => {
  settle(['A 1.00 chile', 'B 1.00 chile', 'C 1.00 chile', 'D 0.50 peru'], { A: 1.17, B: 1.17, C: 1.16 });
});

test('predictions-27: a larger remainder beats an earlier bet and a larger stake', () => {
  settle(['A 7.00 chile', 'B 2.00 chile', 'C 1.00 chile', 'D 0.33 peru'], { A: 7.23, B: 2.07, C: 1.03 });
});

test('predictions-28: a winner may win nothing', () => {
  const { winners } = body(settle(['A 0.01 chile', 'B 0.02 chile', 'C 0.01 peru'], { A: 0.01, B: 0.03 }));
  assert.deepEqual(winners, { A: 0, B: 0.01 });
});

test('predictions-29: the remainder may fall to the last to bet', () => {
  const settlement = settle(['A 3.33 chile', 'B 3.33 chile', 'C 3.34 chile', 'D 7.77 peru'], {
    A: 5.92,
    B: 5.92,
    C: 5.93,
  });
  assert.deepEqual(figures(settlement, 'net'), { A: 2.59, B: 2.59, C: 2.59, D: -7.77 });
});

test('predictions-30: six of seven equals get the unit, the last to bet does not', () => {
  const users = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];
  const payouts = { A: 1.43, B: 1.43, C: 1.43, D: 1.43, E: 1.43, F: 1.43, G: 1.42 };
  settle([...users.map((user) => `${user} 1.00 chile`), 'Z 3.00 peru'], payouts);
});

test('predictions-31: large amounts are exact (WC5, PO5)', () => {
  settle(['A 9000000000.00 chile', 'B 1.00 chile', 'C 3.00 peru'], { A: 9000000003, B: 1 });
});

test('predictions-32: without losers everybody gets the own stake back, as a win (PO6, ST1)', () => {
  const settlement = settle(['A 12.00 chile', 'B 8.00 chile'], { A: 12, B: 8 });
  const { winners, losers, is_money_return } = body(settlement);
  assert.deepEqual([winners, losers, is_money_return], [{ A: 0, B: 0 }, {}, false]);
  assert.equal(countOutcomes(settlement.betOutcomes).won, 2);
});

test('predictions-33: nobody on the winner is money return; no bet is won or lost (PO2, ST1)', () => {
  const settlement = settlePool(betsOf('A 12.00 chile', 'B 8.00 none'), decide('peru', 1));
  const { winners, losers, is_money_return, winning_target } = body(settlement);
  assert.deepEqual([winners, losers, is_money_return, winning_target], [{}, {}, true, 'peru']);
  assert.deepEqual(figures(settlement, 'credited'), { A: 12, B: 8 });
  assert.deepEqual(figures(settlement, 'net'), { A: 0, B: 0 });
  assert.deepEqual(countOutcomes(settlement.betOutcomes), { placed: 0, won: 0, lost: 0, returned: 2, invalidated: 0 });
});

test('predictions-34: a pool without bets is a money return of nothing', () => {
  const settlement = settlePool([], onChile);
  assert.deepEqual(settlement, {
    winningTarget: 'chile',
    isMoneyReturn: true,
    total: 0n,
    onWinner: 0n,
    users: [],
    betOutcomes: [],
  });
});

test('predictions-35: bets at the time of the event or later go back and are not in the pool (EV7)', () => {
  const lines = ['A 10.00 chile 100000', 'B 20.00 chile 199999', 'C 50.00 chile 200000', 'D 6.00 peru 150000'];
  const settlement = settle(lines, { A: 12, B: 24 }, decide('chile', 200_000));
  const { winners, losers, invalidated_bettors } = body(settlement);
  assert.deepEqual([winners, losers, invalidated_bettors], [{ A: 2, B: 4 }, { D: 6 }, ['C']]);
  assert.equal(settlement.total, 3600n);
  assert.deepEqual(figures(settlement, 'returned'), { A: 0, B: 0, C: 50, D: 0 });
  assert.deepEqual(settlement.betOutcomes, ['won', 'won', 'invalidated', 'lost']);
});

test('predictions-36: a user with a timely and a late bet is among winners and invalidated (EV7, BT4)', () => {
  const lines = ['A 5.00 chile 100', 'B 15.00 chile 120', 'C 4.00 peru 130', 'A 7.00 chile 260'];
  const settlement = settle(lines, { A: 6, B: 18 }, decide('chile', 250));
  const { winners, losers, invalidated_bettors } = body(settlement);
  assert.deepEqual([winners, losers, invalidated_bettors], [{ A: 1, B: 3 }, { C: 4 }, ['A']]);
  assert.deepEqual(settlement.users[0], {
    userId: 'A',
    stake: 500n,
    stakeOnWinner: 500n,
    lateStake: 700n,
    payout: 600n,
    returned: 700n,
    credited: 1300n,
    released: 1200n,
    net: 100n,
    outcome: 'won',
  });
});

test('predictions-37: no timely winner returns the timely stakes, the late ones are invalidated (EV7, PO2)', () => {
  const settlement = settlePool(betsOf('A 10.00 peru 100', 'B 5.00 chile 205'), decide('chile', 200));
  const { losers, invalidated_bettors, is_money_return } = body(settlement);
  assert.deepEqual([losers, invalidated_bettors, is_money_return], [{}, ['B'], true]);
  assert.deepEqual(figures(settlement, 'credited'), { A: 10, B: 5 });
  assert.deepEqual(settlement.betOutcomes, ['returned', 'invalidated']);
  assert.deepEqual(
    settlement.users.map((user) => user.outcome),
    ['returned', 'invalidated'],
  );
});

test('predictions-50 predictions-54: an expiry pays those on none; nothing is late (PL12, EV14)', () => {
  const timed = settlePool(betsOf('A 6.00 chile 9', 'B 3.00 none 9', 'C 3.00 none 9'), decide('none'));
  assert.deepEqual(figures(timed, 'payout'), { A: 0, B: 6, C: 6 });
  assert.deepEqual(body(timed).losers, { A: 6 });
  const binary = settlePool(betsOf('A 5.00 yes', 'B 5.00 none'), decide('none'));
  assert.deepEqual(figures(binary, 'payout'), { A: 0, B: 10 });
});

test('predictions-55: a yes/no pool pays the same way (PO4, EV11)', () => {
  const settlement = settlePool(betsOf('A 2.50 yes', 'B 1.25 yes', 'C 5.00 none'), decide('yes', 1));
  assert.deepEqual([settlement.total, settlement.onWinner], [875n, 375n]);
  assert.deepEqual(figures(settlement, 'payout'), { A: 5.83, B: 2.92, C: 0 });
  assert.deepEqual(figures(settlement, 'net'), { A: 3.33, B: 1.67, C: -5 });
});

test('predictions-56: a game closing pays those on none (GM7)', () => {
  const settlement = settlePool(betsOf('A 1.00 chile', 'B 1.00 none'), decide('none'));
  assert.deepEqual(figures(settlement, 'payout'), { A: 0, B: 2 });
});

test('predictions-65: won 2, lost 1, returned 1, late 1 in two games with nets +5.00 and −2.00 (ST1–ST4)', () => {
  const counts = countOutcomes(['won', 'won', 'lost', 'returned', 'invalidated']);
  const statistics = statisticsOf({
    betsWon: counts.won,
    betsLost: counts.lost,
    validBets: counts.won + counts.lost + counts.returned,
    games: 2,
    net: money('5.00') - money('2.00'),
    settledGames: 2,
    reactionMs: 0,
    reactionPools: 0,
  });
  assert.deepEqual(statistics, {
    total_bets_won: 2,
    total_bets_lost: 1,
    average_number_of_bets_per_game: 2,
    average_points_won_per_game: 1.5,
    average_reaction_time: 0,
  });
});

test('a void pool names no winner and returns all (PO2, GM9)', () => {
  const settlement = settlePool(betsOf('A 1.00 chile', 'B 2.00 none'), decide(null));
  assert.deepEqual([settlement.winningTarget, settlement.isMoneyReturn], [null, true]);
  assert.deepEqual(figures(settlement, 'returned'), { A: 1, B: 2 });
  assert.deepEqual(settlement.betOutcomes, ['returned', 'returned']);
});

test('several bets of a user are added up before sharing (PO8)', () => {
  const split = settlePool(betsOf('A 1.00 chile', 'B 2.00 chile', 'A 1.00 chile', 'D 0.01 peru'), onChile);
  assert.deepEqual(figures(split, 'payout'), { A: 2.01, B: 2, D: 0 });
});

test('among equal remainders a late first bet gives no place in the queue (PO4, EV7)', () => {
  const bets = betsOf('A 1.00 chile 5', 'B 1.00 chile 0', 'A 1.00 chile 0', 'D 0.01 peru 0');
  assert.deepEqual(figures(settlePool(bets, decide('chile', 5)), 'payout'), { A: 1, B: 1.01, D: 0 });
});

test('users come in order of their first bet, whatever order the bets come in', () => {
  const bets = betsOf('C 1.00 peru', 'A 1.00 chile', 'B 1.00 chile', 'A 1.00 chile');
  for (const order of [bets, bets.toReversed()]) {
    assert.deepEqual(
      settlePool(order, onChile).users.map((user) => user.userId),
      ['C', 'A', 'B'],
    );
  }
});

const stake = fc.oneof(fc.bigInt({ min: 1n, max: 300n }), fc.bigInt({ min: 1n, max: 10n ** 15n }));
const targets = ['chile', 'peru', 'none'];

/** Bets in which every user backs one target only (BT4), some of them late. */
const anyBets = fc
  .array(
    fc.record({ user: fc.integer({ min: 0, max: 12 }), amount: stake, placedAt: fc.integer({ min: 0, max: 10 }) }),
    {
      maxLength: 40,
    },
  )
  .map((asked): Bet[] =>
    asked.map(({ user, amount, placedAt }, seq) => ({
      betId: `b${seq}`,
      userId: `u${user}`,
      targetId: targets[user % 3] ?? 'none',
      amount,
      placedAt,
      seq,
    })),
  );
const anyDecision = fc.record({
  winningTarget: fc.constantFrom('chile', 'peru', 'none', null),
  lateFrom: fc.option(fc.integer({ min: 0, max: 11 })),
});

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);

test('payouts add up to the pool, nobody on the winner loses, nets balance, money is kept (PO1–PO7, PO11)', () => {
  fc.assert(
    fc.property(anyBets, anyDecision, (bets, decision) => {
      const { users, total, onWinner, isMoneyReturn } = settlePool(bets, decision);
      const isLate = (bet: Bet) => decision.lateFrom !== null && bet.placedAt >= decision.lateFrom;
      const valid = bets.filter((bet) => !isLate(bet));
      assert.equal(total, sum(valid.map((bet) => bet.amount)));
      assert.equal(
        onWinner,
        sum(valid.filter((bet) => bet.targetId === decision.winningTarget).map((bet) => bet.amount)),
      );
      assert.equal(isMoneyReturn, onWinner === 0n);
      assert.equal(sum(users.map((user) => user.payout)), isMoneyReturn ? 0n : total);
      assert.equal(sum(users.map((user) => user.net)), 0n);
      assert.equal(sum(users.map((user) => user.credited)), sum(bets.map((bet) => bet.amount)));
      for (const user of users) {
        const own = bets.filter((bet) => bet.userId === user.userId);
        assert.equal(user.released, sum(own.map((bet) => bet.amount)));
        assert.equal(user.lateStake, sum(own.filter(isLate).map((bet) => bet.amount)));
        assert.equal(user.credited, user.payout + user.returned);
        assert.equal(user.returned, user.lateStake + (isMoneyReturn ? user.stake : 0n));
        if (user.outcome === 'won') assert.ok(user.payout >= user.stakeOnWinner && user.net >= 0n);
        if (user.outcome === 'lost') assert.equal(user.net, -user.stake);
        if (user.outcome === 'returned' || user.outcome === 'invalidated') assert.equal(user.net, 0n);
        assert.equal(user.outcome === 'invalidated', user.stake === 0n);
      }
    }),
    { numRuns: 500 },
  );
});

test('shares are the exact quotient, left-over units go by remainder, then by registration (PO3, PO4)', () => {
  fc.assert(
    fc.property(anyBets, anyDecision, (bets, decision) => {
      const { users, total, onWinner } = settlePool(bets, decision);
      const winners = users.filter((user) => user.outcome === 'won');
      const isTimely = (bet: Bet) => decision.lateFrom === null || bet.placedAt < decision.lateFrom;
      const firstBet = (userId: string) => bets.findIndex((bet) => bet.userId === userId && isTimely(bet));
      const ranked = winners.map((user) => ({
        extra: user.payout - (total * user.stakeOnWinner) / onWinner,
        remainder: (total * user.stakeOnWinner) % onWinner,
        first: firstBet(user.userId),
      }));
      const leftOver = sum(ranked.map((winner) => winner.extra));
      assert.ok(leftOver < BigInt(Math.max(winners.length, 1)));
      for (const a of ranked) {
        assert.ok(a.extra === 0n || a.extra === 1n);
        for (const b of ranked) {
          if (a.extra <= b.extra) continue;
          assert.ok(a.remainder > b.remainder || (a.remainder === b.remainder && a.first < b.first));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('the settlement of a user does not depend on the order the bets are read in', () => {
  const shuffled = anyBets.chain((bets) =>
    fc.tuple(fc.constant(bets), fc.shuffledSubarray(bets, { minLength: bets.length, maxLength: bets.length })),
  );
  fc.assert(
    fc.property(shuffled, anyDecision, ([bets, mixed], decision) => {
      const straight = settlePool(bets, decision);
      const other = settlePool(mixed, decision);
      assert.deepEqual(other.users, straight.users);
      assert.deepEqual(
        new Map(mixed.map((bet, index) => [bet.betId, other.betOutcomes[index]])),
        new Map(mixed.map((bet) => [bet.betId, straight.betOutcomes[bet.seq]])),
      );
    }),
  );
});

test('a hundred thousand bets are settled to the last hundredth', () => {
  const bets = Array.from({ length: 100_000 }, (_, seq) => ({
    betId: `b${seq}`,
    userId: `u${(seq * 7) % 60_000}`,
    targetId: ((seq * 7) % 60_000) % 2 === 0 ? 'chile' : 'peru',
    amount: BigInt((seq % 997) + 1),
    placedAt: seq % 100,
    seq,
  }));
  const settlement = settlePool(bets, decide('chile', 90));
  assert.equal(settlement.betOutcomes.filter((outcome) => outcome === 'invalidated').length, 10_000);
  assert.equal(sum(settlement.users.map((user) => user.payout)), settlement.total);
  assert.equal(sum(settlement.users.map((user) => user.net)), 0n);
});
