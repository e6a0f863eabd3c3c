import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { UnresolvedPools } from './closing.ts';
import { askedGame, openWorld, refused, type TestMatch, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

const MINUTE = 60_000;

/** A. 6.00 chile, B 3.00 none, C 3.00 none in a pool of type 2 that ends after 65 minutes. */
async function timedPool(at: World, changes = {}) {
  const match = await at.match();
  const t = at.now;
  const poolId = await match.pool({ type: 2, finishAt: t + 65 * MINUTE, ...changes });
  const players = await at.players(3);
  await match.bet(players[0]!, poolId, '6.00', 'chile');
  await match.bet(players[1]!, poolId, '3.00', 'none');
  await match.bet(players[2]!, poolId, '3.00', 'none');
  return { match, poolId, players, t };
}

test('predictions-50: a timed pool expires to none', async () => {
  const { match, poolId, players, t } = await timedPool(world);
  await world.advanceTo(t + 65 * MINUTE - 1);
  assert.deepEqual(await match.told(363), []);
  await world.advanceTo(t + 65 * MINUTE);
  const result = await match.result(poolId);
  assert.deepEqual([result.res, result.winning_target, result.expired_at], [363, 'none', t + 65 * MINUTE]);
  assert.deepEqual(result.losers, { [players[0]!.accountId]: 6 });
  assert.deepEqual(await world.available(...players), ['994.00', '1003.00', '1003.00']);
});

test('predictions-51: an event registered after the expiry was due changes nothing, also after downtime', async () => {
  for (const isDown of [false, true]) {
    const { match, poolId, t } = await timedPool(world);
    if (isDown) await world.process.runner.stop();
    world.clock.set(t + 65 * MINUTE + 499);
    if (isDown) world.process.runner.start();
    await match.register({ happenedAt: t + 65 * MINUTE - 1 });
    const result = await match.result(poolId);
    assert.deepEqual([result.res, result.winning_target, result.expired_at], [363, 'none', t + 65 * MINUTE]);
  }
});

test('predictions-52: within the grace the event decides', async (context) => {
  const graced = await openWorld({ settings: { expiryGraceMs: 10_000 } });
  context.after(() => graced.end());
  const { match, poolId, players, t } = await timedPool(graced);
  await graced.advanceTo(t + 65 * MINUTE);
  await refused(match.bet(players[0]!, poolId, 1, 'chile'), 'pool_closed');
  await graced.advanceTo(t + 65 * MINUTE + 499);
  await match.register({ happenedAt: t + 65 * MINUTE - 1 });
  const result = await match.result(poolId);
  assert.deepEqual([result.res, result.winning_target], [362, 'chile']);
  await graced.advanceTo(t + 66 * MINUTE);
  assert.deepEqual(await match.told(363), []);
});

test('predictions-53: an expired pool is recreated with its times shifted', async () => {
  const match = await world.match();
  const t = world.now;
  const poolId = await match.pool({
    type: 2,
    finishAt: t + 300_000,
    stopAcceptingBetsAt: t + 240_000,
    recreateOnEnd: true,
    isBlocked: true,
    isHot: true,
  });
  await world.advanceTo(t + 300_000);
  const last = (await match.messages()).slice(-2);
  assert.deepEqual(
    last.map(({ res }) => res),
    [363, 352],
  );
  const { body } = last[1]!;
  assert.deepEqual(
    [body.recreated_from, body.start_at, body.finish_at, body.stop_accepting_bets_at, body.is_blocked, body.is_hot],
    [poolId, t + 300_000, t + 600_000, t + 540_000, false, false],
  );
  await world.advanceTo(t + 600_000);
  assert.equal((await match.told(363)).length, 2);
  await world.process.closing.closeGame(match.admin, match.gameId, false);
});

test('predictions-54: a timed yes/no pool expires to no', async () => {
  const match = await world.match();
  const poolId = await match.binaryPool({ type: 4, finishAt: world.now + MINUTE });
  const [a, b] = await world.players(2);
  await match.bet(a!, poolId, '5.00', 'yes');
  await match.bet(b!, poolId, '5.00', 'no');
  await world.advance(MINUTE);
  assert.deepEqual(await world.available(a!, b!), ['995.00', '1005.00']);
  assert.equal((await match.result(poolId)).res, 363);
});

/** Closes and expects the refusal of 6627; gives what the caller hears besides. */
async function waitingPools(close: Promise<unknown>): Promise<{ pools: unknown; told: string[] }> {
  const error = await refused(close, 'unresolved_pools');
  assert.ok(error instanceof UnresolvedPools);
  return { pools: error.details!.pools, told: error.done.events.map((event) => event.type) };
}

async function matchWithManualPool(): Promise<{
  match: TestMatch;
  mutual: string;
  manual: string;
  players: AccountPrincipal[];
}> {
  const match = await world.match();
  const mutual = await match.pool();
  const manual = await match.binaryPool();
  const players = await world.players(2);
  await match.bet(players[0]!, mutual, '1.00', 'chile');
  await match.bet(players[1]!, mutual, '1.00', 'none');
  return { match, mutual, manual, players };
}

test('predictions-56: closing settles what it can and waits for manual pools', async () => {
  const { match, mutual, manual, players } = await matchWithManualPool();
  const { closing, games } = world.process;
  const refusal = await waitingPools(closing.closeGame(match.admin, match.gameId, false));
  assert.deepEqual(refusal, { pools: [manual], told: ['pool.resolved', 'pool.blocked'] });
  const result = await match.result(mutual);
  assert.deepEqual([result.res, result.winning_target], [362, 'none']);
  assert.deepEqual(await world.available(...players), ['999.00', '1001.00']);
  assert.deepEqual(await match.told(341), []);
  const details = await games.details(match.admin, match.gameId);
  assert.equal(details.status, 'game_in_progress_betting_closed');
  await refused(match.bet(players[0]!, manual, 1, 'yes'), 'game_closed');
  await refused(match.pool(), 'game_closed');
  await refused(match.register(), 'game_closed');
  await refused(world.process.pools.allow(match.admin, manual, null), 'game_closed');
  await refused(games.open(match.admin, match.gameId, { actions: [], targets: [] }), 'invalid_parameter');
  // A second call too early: 6627 again and no second 368 (GM8).
  const early = await waitingPools(closing.closeGame(match.admin, match.gameId, false));
  assert.deepEqual(early, { pools: [manual], told: [] });
  assert.equal((await match.told(368)).length, 1);
});

test('predictions-57: after the last manual pool 375 must be sent again', async () => {
  const { match, manual, players } = await matchWithManualPool();
  const { closing, gameReads, poolReads, pools } = world.process;
  await waitingPools(closing.closeGame(match.admin, match.gameId, false));
  await match.register({ action: null, poolId: manual, target: 'yes' });
  assert.deepEqual(await match.told(341), []);
  const done = await closing.closeGame(match.admin, match.gameId, false);
  assert.deepEqual(done.body, { game_id: match.gameId });
  assert.deepEqual(
    done.events.map((event) => event.type),
    ['game.closed'],
  );
  assert.deepEqual(await match.told(341), [{ game_id: match.gameId }]);
  const list = await gameReads.listOfSource(match.admin, match.sourceId);
  assert.deepEqual(list.games, []);
  // GM12
  await refused(closing.closeGame(match.admin, match.gameId, false), 'game_closed');
  await refused(pools.block(match.admin, manual, null), 'game_closed');
  await refused(pools.suggestHot(match.admin, manual, { likelyAt: null, hot: true }), 'game_closed');
  await refused(match.pool(), 'game_closed');
  await refused(match.register(), 'game_closed');
  await refused(
    world.process.games.update(match.admin, match.gameId, { actions: ['Foul'], targets: [] }),
    'game_closed',
  );
  assert.deepEqual((await poolReads.allUnresolved(players[0]!, match.gameId)).pools_list, []);
  assert.equal(((await poolReads.myResolved(players[0]!, match.gameId)).pools_list as unknown[]).length, 1);
});

test('predictions-58: a source closes when all its games are closed', async () => {
  const { admin, sourceId } = await world.source();
  const first = await world.matchOf(admin, sourceId);
  const second = await world.matchOf(admin, sourceId);
  await first.pool();
  const manual = await second.binaryPool();
  const { closing, games } = world.process;
  const refusal = await waitingPools(closing.closeSource(admin, sourceId, false));
  assert.deepEqual(refusal.pools, [manual]);
  assert.equal((await first.told(341)).length, 1);
  assert.equal((await second.told(341)).length, 0);
  await refused(games.createAndOpen(admin, askedGame({ sourceId })), 'source_closed');
  await second.register({ action: null, poolId: manual, target: 'no' });
  const done = await closing.closeSource(admin, sourceId, false);
  assert.deepEqual(done.body, { source_id: sourceId });
  assert.deepEqual(
    done.events.map((event) => event.type),
    ['game.closed'],
  );
  await refused(games.createAndOpen(admin, askedGame({ sourceId })), 'source_closed');
  await refused(closing.closeSource(admin, sourceId, false), 'source_closed');
});

test('a source without games closes at once; only its admins close it', async () => {
  const { admin, sourceId } = await world.source();
  const other = await world.developer();
  await refused(world.process.closing.closeSource(other, sourceId, false), 'not_authorized');
  assert.deepEqual((await world.process.closing.closeSource(admin, sourceId, false)).body, { source_id: sourceId });
});

test('force voids what waits (GM9)', async () => {
  const { match, manual, players } = await matchWithManualPool();
  await match.bet(players[0]!, manual, '7.00', 'yes');
  const { closing } = world.process;
  await waitingPools(closing.closeGame(match.admin, match.gameId, false));
  const done = await closing.closeGame(match.admin, match.gameId, true);
  assert.deepEqual(
    done.events.map((event) => event.type),
    ['pool.resolved', 'game.closed'],
  );
  const result = await match.result(manual);
  assert.deepEqual([result.winning_target, result.is_money_return, result.winners], [null, true, {}]);
  assert.deepEqual(await world.available(...players), ['999.00', '1001.00']);
});

test('close_at closes, and waits for manual pools like 375 (GM10)', async () => {
  const t = world.now;
  const quick = await world.match({ closeAt: t + MINUTE });
  const poolId = await quick.pool({ type: 2, finishAt: t + 2 * MINUTE, recreateOnEnd: true });
  const slow = await world.match({ closeAt: t + MINUTE });
  const manual = await slow.binaryPool();
  await world.advanceTo(t + MINUTE);
  assert.equal((await quick.told(341)).length, 1);
  const result = await quick.result(poolId);
  assert.deepEqual([result.res, result.winning_target], [362, 'none']);
  assert.equal((await quick.told(352)).length, 1);
  assert.deepEqual(
    (await slow.messages()).map(({ res }) => res),
    [352, 368],
  );
  const refusal = await waitingPools(world.process.closing.closeGame(slow.admin, slow.gameId, false));
  assert.deepEqual(refusal, { pools: [manual], told: [] });
});

test('closing a game that was never opened voids its pools (GM11)', async () => {
  const { admin, sourceId } = await world.source();
  const { body } = await world.process.games.create(admin, askedGame({ sourceId }));
  const gameId = body.game_id as string;
  await world.process.games.becomeAdmin(admin, gameId);
  const match = await world.match();
  const poolId = await match.pool({ gameId }).catch(() => undefined);
  assert.equal(poolId, undefined);
  const done = await world.process.pools.create(admin, {
    gameId,
    description: 'First goal?',
    type: 1,
    action: 'goal',
    targets: ['chile'],
    finishAt: null,
    stopAcceptingBetsAt: null,
    recreateOnEnd: false,
    isBlocked: false,
    isHot: false,
  });
  const player = await world.player();
  const bet = { userId: player.accountId, poolId: done.body.pool_id, target: 'chile', amount: 5, clientRef: null };
  await world.process.bets.place({ ...bet, kind: 'pre_game' });
  await world.process.closing.closeGame(admin, gameId, false);
  const [told] = (await world.messages(gameId)).filter(({ res }) => res === 362);
  assert.deepEqual([told!.body.winning_target, told!.body.is_money_return], [null, true]);
  assert.deepEqual(await world.available(player), ['1000.00']);
});

test('a scheduled allow does not reopen a pool of a closing game (6.2)', async () => {
  const { match, manual } = await matchWithManualPool();
  await world.process.pools.allow(match.admin, manual, world.now + MINUTE);
  await waitingPools(world.process.closing.closeGame(match.admin, match.gameId, false));
  await world.advance(MINUTE);
  assert.deepEqual(await match.told(369), []);
});

test('two admins close at once: both hear that it is closed', async () => {
  const match = await world.match();
  await match.pool();
  const { closing } = world.process;
  const close = () => closing.closeGame(match.admin, match.gameId, false).catch((error) => error.error);
  const [first, second] = await Promise.all([close(), close()]);
  assert.deepEqual(first.body, { game_id: match.gameId });
  assert.ok(second === 'game_closed' || second.body.game_id === match.gameId);
  assert.equal((await match.told(341)).length, 1);
});

test('a close that takes too long says so, and goes on', async () => {
  const match = await world.match();
  await world.process.runner.stop();
  const outcome = await world.outlast(world.process.closing.closeGame(match.admin, match.gameId, false));
  assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'still_settling');
  world.process.runner.start();
  await world.settle();
  assert.equal((await match.told(341)).length, 1);
});
