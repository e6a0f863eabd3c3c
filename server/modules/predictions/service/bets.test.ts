import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { openWorld, refused, type TestMatch, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

type Line = [amount: string, target: string];

/** A pool with one bet per line, each of a player of his own, in this order. */
async function poolOf(match: TestMatch, ...lines: Line[]): Promise<{ poolId: string; players: AccountPrincipal[] }> {
  const poolId = await match.pool();
  const players = await world.players(lines.length);
  for (const [i, [amount, target]] of lines.entries()) await match.bet(players[i]!, poolId, amount, target);
  return { poolId, players };
}

function byPlayer(players: readonly AccountPrincipal[], amounts: Record<number, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([i, amount]) => [players[Number(i)]!.accountId, amount]));
}

test('predictions-21: distribution of an open pool', async () => {
  const match = await world.match();
  const { poolId, players } = await poolOf(match, ['30.00', 'chile'], ['10.00', 'peru']);
  const body = await world.process.poolReads.distribution(players[0]!, poolId);
  const distribution = body.distribution as Record<string, unknown>[];
  assert.deepEqual(
    distribution.map((line) => [line.target_id, line.to_win_if_backed]),
    [
      ['chile', 1.3333],
      ['peru', 4],
      ['none', 1],
    ],
  );
  const update = (await match.told(361)).at(-1)!;
  assert.equal(update.amount_total, 40);
  assert.equal(update.participants, 2);
  assert.deepEqual(
    distribution.map((line) => (line.bets as { user_id: string }[]).map((bet) => bet.user_id)),
    [[players[0]!.accountId], [players[1]!.accountId], []],
  );
});

/** Cases 22-32 end with a goal of chile:11: paid out, and nets told. */
const PAYOUTS: {
  n: number;
  lines: Line[];
  paid: Record<number, string>;
  winners: Record<number, number>;
  losers: Record<number, number>;
}[] = [
  {
    n: 22,
    lines: [
      ['4.00', 'chile'],
      ['9.00', 'peru'],
      ['2.50', 'none'],
    ],
    paid: { 0: '15.50' },
    winners: { 0: 11.5 },
    losers: { 1: 9, 2: 2.5 },
  },
  {
    n: 23,
    lines: [
      ['30.00', 'chile'],
      ['10.00', 'chile'],
      ['20.00', 'peru'],
    ],
    paid: { 0: '45.00', 1: '15.00' },
    winners: { 0: 15, 1: 5 },
    losers: { 2: 20 },
  },
  {
    n: 24,
    lines: [
      ['1.00', 'chile'],
      ['1.00', 'chile'],
      ['1.00', 'chile'],
      ['10.00', 'peru'],
    ],
    paid: { 0: '4.34', 1: '4.33', 2: '4.33' },
    winners: { 0: 3.34, 1: 3.33, 2: 3.33 },
    losers: { 3: 10 },
  },
  {
    n: 25,
    lines: [
      ['5.00', 'chile'],
      ['3.00', 'chile'],
      ['3.00', 'chile'],
      ['1.00', 'peru'],
    ],
    paid: { 0: '5.46', 1: '3.27', 2: '3.27' },
    winners: { 0: 0.46, 1: 0.27, 2: 0.27 },
    losers: { 3: 1 },
  },
  {
    n: 26,
    lines: [
      ['1.00', 'chile'],
      ['1.00', 'chile'],
      ['1.00', 'chile'],
      ['0.50', 'peru'],
    ],
    paid: { 0: '1.17', 1: '1.17', 2: '1.16' },
    winners: { 0: 0.17, 1: 0.17, 2: 0.16 },
    losers: { 3: 0.5 },
  },
  {
    n: 27,
    lines: [
      ['7.00', 'chile'],
      ['2.00', 'chile'],
      ['1.00', 'chile'],
      ['0.33', 'peru'],
    ],
    paid: { 0: '7.23', 1: '2.07', 2: '1.03' },
    winners: { 0: 0.23, 1: 0.07, 2: 0.03 },
    losers: { 3: 0.33 },
  },
  {
    n: 28,
    lines: [
      ['0.01', 'chile'],
      ['0.02', 'chile'],
      ['0.01', 'peru'],
    ],
    paid: { 0: '0.01', 1: '0.03' },
    winners: { 0: 0, 1: 0.01 },
    losers: { 2: 0.01 },
  },
  {
    n: 29,
    lines: [
      ['3.33', 'chile'],
      ['3.33', 'chile'],
      ['3.34', 'chile'],
      ['7.77', 'peru'],
    ],
    paid: { 0: '5.92', 1: '5.92', 2: '5.93' },
    winners: { 0: 2.59, 1: 2.59, 2: 2.59 },
    losers: { 3: 7.77 },
  },
  {
    n: 30,
    lines: [...Array.from({ length: 7 }, (): Line => ['1.00', 'chile']), ['3.00', 'peru']],
    paid: { 0: '1.43', 1: '1.43', 2: '1.43', 3: '1.43', 4: '1.43', 5: '1.43', 6: '1.42' },
    winners: { 0: 0.43, 1: 0.43, 2: 0.43, 3: 0.43, 4: 0.43, 5: 0.43, 6: 0.42 },
    losers: { 7: 3 },
  },
  {
    n: 32,
    lines: [
      ['12.00', 'chile'],
      ['8.00', 'chile'],
    ],
    paid: { 0: '12.00', 1: '8.00' },
    winners: { 0: 0, 1: 0 },
    losers: {},
  },
];

for (const { n, lines, paid, winners, losers } of PAYOUTS) {
  test(`predictions-${n}: payout`, async () => {
    const match = await world.match();
    const { poolId, players } = await poolOf(match, ...lines);
    await match.register();
    const result = await match.result(poolId);
    assert.equal(result.res, 362);
    assert.equal(result.winning_target, 'chile');
    assert.equal(result.is_money_return, false);
    assert.deepEqual(result.winners, byPlayer(players, winners));
    assert.deepEqual(result.losers, byPlayer(players, losers));
    const expected = lines.map(([stake], i) => (1000 - Number(stake) + Number(paid[i] ?? 0)).toFixed(2));
    assert.deepEqual(await world.available(...players), expected);
    await world.checkInvariants();
  });
}

test('predictions-23: multiplier of the decided pool', async () => {
  const match = await world.match();
  const { players } = await poolOf(match, ['30.00', 'chile'], ['10.00', 'chile'], ['20.00', 'peru']);
  await match.register();
  const body = await world.process.poolReads.myResolved(players[0]!, match.gameId);
  const [pool] = body.pools_list as Record<string, unknown>[];
  assert.deepEqual(
    (pool!.distribution as { to_win_if_backed: number }[]).map((line) => line.to_win_if_backed),
    [1.5, 0, 0],
  );
  assert.equal(pool!.total_winnings, 15);
  assert.deepEqual(pool!.user_backed, { chile: 30 });
});

test('predictions-31: very large stakes are exact', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const rich = await world.player('9000000000.00');
  const [b, c] = await world.players(2);
  await match.bet(rich, poolId, '9000000000.00', 'chile');
  await match.bet(b!, poolId, '1.00', 'chile');
  await match.bet(c!, poolId, '3.00', 'peru');
  await match.register();
  assert.deepEqual(await world.available(rich, b!, c!), ['9000000003.00', '1000.00', '997.00']);
});

test('predictions-33: nobody backed the winner: money return', async () => {
  const match = await world.match();
  const { poolId, players } = await poolOf(match, ['12.00', 'chile'], ['8.00', 'none']);
  await match.register({ target: 'peru:4' });
  const result = await match.result(poolId);
  assert.deepEqual(
    [result.winners, result.losers, result.winning_target, result.is_money_return],
    [{}, {}, 'peru', true],
  );
  assert.deepEqual(await world.available(...players), ['1000.00', '1000.00']);
});

test('predictions-34: a pool without bets', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  await match.register();
  const result = await match.result(poolId);
  assert.deepEqual([result.winners, result.losers, result.is_money_return], [{}, {}, true]);
});

test('predictions-35: late bets go back', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const [a, b, c, d] = await world.players(4);
  const t = world.now - 100_000 + 1_000;
  const at = async (ms: number, player: AccountPrincipal, amount: string, target: string) => {
    await world.advanceTo(t + ms);
    await match.bet(player, poolId, amount, target);
  };
  await at(100_000, a!, '10.00', 'chile');
  await at(150_000, d!, '6.00', 'peru');
  await at(199_999, b!, '20.00', 'chile');
  await at(200_000, c!, '50.00', 'chile');
  await world.advanceTo(t + 203_000);
  await match.register({ happenedAt: t + 200_000 });
  const result = await match.result(poolId);
  assert.deepEqual(result.winners, { [a!.accountId]: 2, [b!.accountId]: 4 });
  assert.deepEqual(result.losers, { [d!.accountId]: 6 });
  assert.deepEqual(result.invalidated_bettors, [c!.accountId]);
  assert.deepEqual(await world.available(a!, b!, c!, d!), ['1002.00', '1004.00', '1000.00', '994.00']);
  const mine = await world.process.poolReads.myResolved(c!, match.gameId);
  const [pool] = mine.pools_list as Record<string, unknown>[];
  assert.deepEqual([pool!.user_backed, pool!.total_winnings, pool!.amount_total], [{}, 0, 36]);
  const lines = pool!.distribution as { bets: unknown[] }[];
  assert.deepEqual(
    lines.map((line) => line.bets.length),
    [2, 1, 0],
  );
});

test('predictions-36: a timely and a late bet of one user', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const [a, b, c] = await world.players(3);
  const t = world.now;
  const at = async (ms: number, player: AccountPrincipal, amount: string, target: string) => {
    await world.advanceTo(t + ms);
    await match.bet(player, poolId, amount, target);
  };
  await at(100, a!, '5.00', 'chile');
  await at(120, b!, '15.00', 'chile');
  await at(130, c!, '4.00', 'peru');
  await at(260, a!, '7.00', 'chile');
  await match.register({ happenedAt: t + 250 });
  const result = await match.result(poolId);
  assert.deepEqual(result.winners, { [a!.accountId]: 1, [b!.accountId]: 3 });
  assert.deepEqual(result.losers, { [c!.accountId]: 4 });
  assert.deepEqual(result.invalidated_bettors, [a!.accountId]);
  assert.deepEqual(await world.available(a!, b!, c!), ['1001.00', '1003.00', '996.00']);
});

test('predictions-37: no timely winner', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const [a, b] = await world.players(2);
  const t = world.now;
  await world.advanceTo(t + 100);
  await match.bet(a!, poolId, '10.00', 'peru');
  await world.advanceTo(t + 205);
  await match.bet(b!, poolId, '5.00', 'chile');
  await match.register({ happenedAt: t + 200 });
  const result = await match.result(poolId);
  assert.deepEqual([result.losers, result.invalidated_bettors, result.is_money_return], [{}, [b!.accountId], true]);
  assert.deepEqual(await world.available(a!, b!), ['1000.00', '1000.00']);
});

test('predictions-42: a bet moves money from available to exposure', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player();
  const placed = await match.bet(a, poolId, '10', 'Chile');
  assert.deepEqual([placed.bet.amount, placed.bet.targetId, placed.bet.placedAt], [1_000n, 'chile', world.now]);
  assert.deepEqual(await world.balanceOf(a), { available: 99_000n, exposure: 1_000n });
  const [update] = await match.told(361);
  assert.deepEqual((update!.new_bets as { amount: number }[])[0]!.amount, 10);
  assert.equal(placed.update!.event.seq, (await match.messages()).at(-1)!.seq);
});

test('predictions-43: not enough funds', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player('990.00');
  const error = await refused(match.bet(a, poolId, '990.01', 'chile'), 'insufficient_funds');
  assert.deepEqual(error.details, { available: 990, amount: 990.01, currency: 'DON' });
  assert.deepEqual(await world.balanceOf(a), { available: 99_000n, exposure: 0n });
  assert.deepEqual(await match.told(361), []);
});

test('predictions-44: impossible amounts', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player();
  for (const amount of [0, -1, 1.005, 'abc']) await refused(match.bet(a, poolId, amount, 'chile'), 'amount_invalid');
});

test('predictions-45: one target a user and pool, bets on it add up', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player();
  await match.bet(a, poolId, '3.00', 'chile');
  await refused(match.bet(a, poolId, '1.00', 'peru'), 'other_target_backed');
  await match.bet(a, poolId, '2.00', 'chile');
  const body = await world.process.poolReads.myRunning(a, match.gameId);
  const [pool] = body.pools_list as Record<string, unknown>[];
  assert.deepEqual([pool!.user_backed, pool!.participants, pool!.amount_total], [{ chile: 5 }, 1, 5]);
  assert.deepEqual(((await world.process.poolReads.myOpen(a, match.gameId)).pools_list as unknown[]).length, 0);
});

test('predictions-46: the last money is spent once', async () => {
  const match = await world.match();
  const first = await match.pool();
  const second = await match.pool();
  for (let round = 0; round < 5; round++) {
    const a = await world.player('10.00');
    const outcomes = await Promise.allSettled([match.bet(a, first, 10, 'chile'), match.bet(a, second, 10, 'chile')]);
    assert.deepEqual(outcomes.map((outcome) => outcome.status).sort(), ['fulfilled', 'rejected']);
    assert.deepEqual(await world.balanceOf(a), { available: 0n, exposure: 1_000n });
  }
});

test('a repeated client_ref gets the first answer (BT6)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player();
  const order = { userId: a.accountId, poolId, target: 'chile', amount: 5, clientRef: 'r-1', kind: 'live' as const };
  const [first, twin] = await Promise.all([world.process.bets.place(order), world.process.bets.place(order)]);
  const later = await world.process.bets.place(order);
  assert.equal(twin.bet.betId, first.bet.betId);
  assert.equal(later.bet.betId, first.bet.betId);
  assert.equal(later.update, null);
  assert.deepEqual(await world.balanceOf(a), { available: 99_500n, exposure: 500n });
});

test('bets of one batch give one distribution update a pool (BO2)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const players = await world.players(5);
  await Promise.all(players.map((player) => match.bet(player, poolId, 1, 'chile')));
  const updates = await match.told(361);
  assert.ok(updates.length < players.length, `${updates.length} updates`);
  assert.equal(updates.flatMap((update) => update.new_bets as unknown[]).length, 5);
  assert.equal(updates.at(-1)!.participants, 5);
});

test('a distribution shows the newest 100 bets a target (BO1)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const a = await world.player();
  await Promise.all(Array.from({ length: 103 }, () => match.bet(a, poolId, '0.01', 'chile')));
  const body = await world.process.poolReads.distribution(a, poolId);
  const [chile] = body.distribution as { bets: unknown[]; bets_total: number }[];
  assert.deepEqual([chile!.bets.length, chile!.bets_total], [100, 103]);
});

test('a bet and a settlement meet at the pool lock (RS7)', async () => {
  const match = await world.match();
  const players = await world.players(12);
  const poolId = await match.pool();
  const bets = players.map((player, i) => match.bet(player, poolId, 1 + i, i % 2 ? 'chile' : 'peru'));
  const [, ...outcomes] = await Promise.allSettled([match.register(), ...bets]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.equal((outcome.reason as { error?: string }).error, 'pool_closed');
  }
  await world.checkInvariants();
});
