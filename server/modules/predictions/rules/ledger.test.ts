import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { betLines, grantLines, type LedgerAccount, type LedgerLine, settlementLines } from './ledger.ts';
import { settlePool } from './payout.ts';
import { betsOf } from './testing.ts';

const balance = (lines: readonly LedgerLine[], account: LedgerAccount, userId?: string) =>
  lines
    .filter((line) => line.account === account && (userId === undefined || line.userId === userId))
    .reduce((sum, line) => sum + line.amount, 0n);

test('a grant comes from the house, a bet goes from available to exposure (BT2, BT8)', () => {
  assert.deepEqual(grantLines('A', 5n), [
    { account: 'grants', userId: 'A', amount: -5n },
    { account: 'available', userId: 'A', amount: 5n },
  ]);
  assert.deepEqual(betLines('A', 5n), [
    { account: 'available', userId: 'A', amount: -5n },
    { account: 'exposure', userId: 'A', amount: 5n },
  ]);
});

test('a settlement clears all exposure and credits payouts and returns; a loser gets no empty line (PO11)', () => {
  const { users } = settlePool(betsOf('A 4.00 chile', 'B 9.00 peru', 'A 1.00 chile 7'), {
    winningTarget: 'chile',
    lateFrom: 7,
  });
  assert.deepEqual(settlementLines(users), [
    { account: 'exposure', userId: 'A', amount: -500n },
    { account: 'available', userId: 'A', amount: 1400n },
    { account: 'exposure', userId: 'B', amount: -900n },
  ]);
});

test('grants, bets and settlement add up to 0; exposure ends at 0; all money stays with the players (BT8, RS12)', () => {
  const line = fc.tuple(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 1, max: 9999 }),
    fc.integer({ min: 0, max: 9 }),
  );
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('chile', 'peru', null), (asked, winningTarget) => {
      const bets = asked.map(([user, amount, placedAt], seq) => ({
        betId: `${seq}`,
        userId: `u${user}`,
        targetId: user % 2 === 0 ? 'chile' : 'peru',
        amount: BigInt(amount),
        placedAt,
        seq,
      }));
      const granted = new Set(bets.map((bet) => bet.userId));
      const booked = [
        ...[...granted].flatMap((userId) => grantLines(userId, 1_000_000n)),
        ...bets.flatMap((bet) => betLines(bet.userId, bet.amount)),
      ];
      const lines = [...booked, ...settlementLines(settlePool(bets, { winningTarget, lateFrom: 5 }).users)];
      assert.equal(
        lines.reduce((sum, entry) => sum + entry.amount, 0n),
        0n,
      );
      assert.equal(balance(lines, 'available'), BigInt(granted.size) * 1_000_000n);
      for (const userId of granted) assert.equal(balance(lines, 'exposure', userId), 0n);
      assert.equal(
        balance(booked, 'exposure'),
        bets.reduce((sum, bet) => sum + bet.amount, 0n),
      );
    }),
  );
});
