import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addToBackings,
  betShape,
  countBackings,
  distributionShape,
  distributionUpdateShape,
  MOST_BETS_SHOWN,
  newestBets,
  placedAtOut,
  sumBackings,
} from './distribution.ts';
import { aPool, betsOf } from './testing.ts';
import { messageFaults } from './vocabulary.ts';

test('predictions-21: 30.00 on chile, 10.00 on peru: multipliers 1.3333, 4 and 1 (PO9)', () => {
  const backings = countBackings(betsOf('A 30.00 chile', 'B 10.00 peru'));
  assert.deepEqual(distributionShape(aPool(), backings), [
    { target_id: 'chile', display_name: 'Chile', backing_people: 1, backing_money: 30, to_win_if_backed: 1.3333 },
    { target_id: 'peru', display_name: 'Peru', backing_people: 1, backing_money: 10, to_win_if_backed: 4 },
    { target_id: 'none', display_name: 'None', backing_people: 0, backing_money: 0, to_win_if_backed: 1 },
  ]);
  assert.deepEqual(sumBackings(backings), { people: 2, money: 4000n });
});

test('predictions-15: a new pool shows no money and multiplier 1 everywhere', () => {
  const shape = distributionShape(aPool(), new Map());
  assert.deepEqual(
    shape.map((line) => [line.target_id, line.backing_money, line.to_win_if_backed]),
    [
      ['chile', 0, 1],
      ['peru', 0, 1],
      ['none', 0, 1],
    ],
  );
  assert.deepEqual(sumBackings(new Map()), { people: 0, money: 0n });
});

test('predictions-45: people are distinct, money adds up (I13, I14)', () => {
  const backings = countBackings(betsOf('A 1.00 chile', 'A 2.00 chile', 'B 4.00 chile', 'C 8.00 none'));
  assert.deepEqual(
    [...backings],
    [
      ['chile', { people: 2, money: 700n }],
      ['none', { people: 1, money: 800n }],
    ],
  );
});

test('predictions-23: a decided pool shows T/S on the winner, 0 elsewhere, 1 on money return (PO10)', () => {
  const backings = countBackings(betsOf('A 30.00 chile', 'B 10.00 chile', 'C 20.00 peru'));
  const shown = (isMoneyReturn: boolean) =>
    distributionShape(aPool(), backings, { verdict: { winningTarget: 'chile', isMoneyReturn } }).map(
      (line) => line.to_win_if_backed,
    );
  assert.deepEqual(shown(false), [1.5, 0, 0]);
  assert.deepEqual(shown(true), [1, 1, 1]);
});

test('adding accepted bets gives what counting all gives', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 99 }))),
      fc.nat(),
      (asked, cut) => {
        const bets = asked.map(([user, amount], seq) => ({
          betId: `${seq}`,
          userId: `u${user}`,
          targetId: user % 2 === 0 ? 'chile' : 'peru',
          amount: BigInt(amount),
          placedAt: 0,
          seq,
        }));
        const known = bets.slice(0, cut % (bets.length + 1));
        const added = bets.slice(known.length).map((bet, index, rest) => {
          const earlier = [...known, ...rest.slice(0, index)];
          return { bet, isNewcomer: !earlier.some((other) => other.userId === bet.userId) };
        });
        const before = countBackings(known);
        const snapshot = new Map(before);
        assert.deepEqual(addToBackings(before, added), countBackings(bets));
        assert.deepEqual(before, snapshot);
      },
    ),
  );
});

test('bets are shown where asked for, with their whole number when some are left out (BO1, I70)', () => {
  const [first, second] = betsOf('A 1.00 chile 1500', 'B 2.50 peru 2999');
  assert.ok(first && second);
  const shown = new Map([
    ['chile', { bets: [first], total: 1, userIds: ['A'] }],
    ['peru', { bets: [second], total: 7 }],
  ]);
  const [chile, peru, none] = distributionShape(aPool(), new Map(), { shown, legacySeconds: true });
  const bet = (betId: string, placedAt: number, amount: number, userId: string) => ({
    bet_id: betId,
    placed_at: placedAt,
    amount,
    user_id: userId,
  });
  assert.equal(distributionShape(aPool(), new Map(), { shown })[0]?.bets?.[0]?.placed_at, 1500);
  assert.deepEqual([chile?.bets, chile?.user_ids], [[bet('bet-0', 1, 1, 'A')], ['A']]);
  assert.equal(Object.hasOwn(chile ?? {}, 'bets_total'), false);
  assert.deepEqual([peru?.bets, peru?.bets_total], [[bet('bet-1', 2, 2.5, 'B')], 7]);
  assert.equal(Object.hasOwn(peru ?? {}, 'user_ids'), false);
  assert.deepEqual(none, {
    target_id: 'none',
    display_name: 'None',
    backing_people: 0,
    backing_money: 0,
    to_win_if_backed: 1,
    bets: [],
  });
});

test('the newest hundred bets are shown in order of placing (BO1, BO2)', () => {
  const bets = betsOf(...Array.from({ length: 103 }, (_, index) => `u${index} 1.00 chile ${index}`));
  assert.deepEqual(newestBets(bets), { bets: bets.slice(3), total: 103 });
  assert.equal(newestBets(bets).bets.length, MOST_BETS_SHOWN);
  assert.deepEqual(newestBets(bets.slice(0, 2)), { bets: bets.slice(0, 2), total: 2 });
});

test('placed_at is in milliseconds, in whole seconds only for the oldest clients (I6)', () => {
  assert.equal(placedAtOut(1999, false), 1999);
  assert.equal(placedAtOut(1999, true), 1);
  const [bet] = betsOf('A 1.00 chile 1999');
  assert.ok(bet);
  assert.deepEqual(betShape(bet), { bet_id: 'bet-0', placed_at: 1999, amount: 1, user_id: 'A' });
  assert.equal(betShape(bet, true).placed_at, 1);
});

test('predictions-42: a batch of bets gives one 361 a pool with its new bets and sums (BO2)', () => {
  const bets = betsOf('A 10.00 chile 1500', 'B 2.50 peru 2500');
  const update = distributionUpdateShape(aPool(), countBackings(bets), bets);
  assert.deepEqual(update, {
    pool_id: 'pool-1',
    target_level: 1,
    distribution: distributionShape(aPool(), countBackings(bets)),
    new_bets: bets.map((bet) => betShape(bet)),
    game_id: 'game-1',
    amount_total: 12.5,
    participants: 2,
  });
  assert.deepEqual(messageFaults({ res: 361, ...update }), []);
  assert.deepEqual(
    distributionUpdateShape(aPool(), new Map(), bets, true).new_bets.map((bet) => bet.placed_at),
    [1, 2],
  );
});

test('of more than a hundred new bets the newest are shown with their number (BO2)', () => {
  const bets = betsOf(...Array.from({ length: 101 }, (_, index) => `u${index} 1.00 chile ${index}`));
  const update = distributionUpdateShape(aPool(), countBackings(bets), bets);
  assert.deepEqual([update.new_bets.length, update.new_bets_total, update.new_bets[0]?.bet_id], [100, 101, 'bet-1']);
  assert.deepEqual(messageFaults({ res: 361, ...update }), []);
});
