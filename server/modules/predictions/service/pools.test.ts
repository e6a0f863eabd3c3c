import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { messageFaults } from '../rules/vocabulary.ts';
import { openWorld, refused, type TestMatch, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

/** Messages told since, as code and pool (or action). */
async function told(match: TestMatch, since: number): Promise<unknown[]> {
  return (await match.messages(since)).map(({ res, body }) => [res, body.pool_id ?? body.action_id]);
}

async function head(match: TestMatch): Promise<number> {
  return (await match.messages()).at(-1)?.seq ?? 0;
}

test('predictions-14: targets of a pool are of one level', async () => {
  const match = await world.match();
  await refused(match.pool({ targets: ['chile', 'chile:11'] }), 'mixed_target_levels');
});

test('predictions-15: 385 answers 350, the game hears 352', async () => {
  const match = await world.match();
  const { pools } = world.process;
  const done = await pools.create(match.admin, {
    gameId: match.gameId,
    description: ' Next goal? ',
    type: 1,
    action: 'Goal',
    targets: ['chile', 'peru'],
    finishAt: null,
    stopAcceptingBetsAt: null,
    recreateOnEnd: false,
    isBlocked: false,
    isHot: false,
  });
  assert.deepEqual(done.body, {
    game_id: match.gameId,
    pool_id: done.body.pool_id,
    description: 'Next goal?',
    type: 1,
  });
  const [body] = await match.told(352);
  assert.deepEqual([body!.type, body!.action_id, body!.start_at], [1, 'goal', world.now]);
  const line = { backing_people: 0, backing_money: 0, to_win_if_backed: 1, bets: [] };
  assert.deepEqual(body!.distribution, [
    { target_id: 'chile', display_name: 'Chile', ...line },
    { target_id: 'peru', display_name: 'Peru', ...line },
    { target_id: 'none', display_name: 'None', ...line },
  ]);
});

test('only game admins create pools; unknown words are refused', async () => {
  const { admin, sourceId } = await world.source();
  const { body } = await world.process.games.createAndOpen(admin, {
    ...gameOf(sourceId),
    targets: ['Chile', 'Peru'],
  });
  const match = await world.matchOf(admin, sourceId);
  await refused(match.pool({ gameId: body.game_id as string }), 'not_authorized');
  await refused(match.pool({ gameId: 'nowhere' }), 'unknown_game');
  await refused(match.pool({ action: 'offside' }), 'unknown_action');
  await refused(match.pool({ targets: ['brazil'] }), 'unknown_target');
  await refused(match.pool({ type: 2 }), 'missing_parameter');
  await refused(match.pool({ type: 2, finishAt: world.now }), 'invalid_parameter');
  await refused(match.pool({ description: '  ' }), 'invalid_parameter');
});

function gameOf(sourceId: string) {
  return {
    sourceId,
    name: 'Other',
    type: 'football',
    actions: ['Goal'],
    openAt: null,
    closeAt: null,
    liveStartAt: null,
    liveFinishAt: null,
    currency: 'DON',
    hashtag: null,
    imageUrl: null,
  };
}

test('a game not opened yet has pools for pre-game bets only (GM4)', async () => {
  const { admin, sourceId } = await world.source();
  const created = await world.process.games.create(admin, { ...gameOf(sourceId), targets: ['Chile', 'Peru'] });
  const gameId = created.body.game_id as string;
  await world.process.games.becomeAdmin(admin, gameId);
  const match = await world.match();
  const poolId = (
    await world.process.pools.create(admin, {
      gameId,
      description: 'First goal?',
      type: 1,
      action: 'goal',
      targets: ['chile', 'peru'],
      finishAt: null,
      stopAcceptingBetsAt: null,
      recreateOnEnd: false,
      isBlocked: false,
      isHot: false,
    })
  ).body.pool_id;
  const player = await world.player();
  await refused(match.bet(player, poolId, 1, 'chile'), 'game_not_open');
  const bet = { userId: player.accountId, poolId, target: 'chile', amount: 1, clientRef: null };
  await world.process.bets.place({ ...bet, kind: 'pre_game' });
  const asked = { sourceId, gameId, stage: 'upcoming' as const };
  const running = await world.process.poolReads.ofGame(player, { ...asked, list: 'running', userId: player.accountId });
  assert.deepEqual(
    running.pools.map((pool) => [pool.pool_id, pool.user_backed]),
    [[poolId, { chile: 1 }]],
  );
  const lines = running.pools[0]!.distribution as { user_ids: string[] }[];
  assert.deepEqual(
    lines.map((line) => line.user_ids),
    [[player.accountId], [], []],
  );
  const open = await world.process.poolReads.ofGame(player, { ...asked, list: 'open', userId: null });
  assert.equal(open.pools.length, 1);
  const mine = await world.process.poolReads.ofGame(player, { ...asked, list: 'open', userId: player.accountId });
  assert.equal(mine.pools.length, 0);
  const nobody = await world.process.poolReads.ofGame(player, { ...asked, list: 'running', userId: null });
  assert.equal(nobody.pools.length, 0);
});

test('predictions-47: block, bet, allow, bet', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const player = await world.player();
  const { pools } = world.process;
  const blocked = await pools.block(match.admin, poolId, null);
  assert.deepEqual(blocked.body, { pool_id: poolId, blocked_at: world.now });
  assert.deepEqual(
    blocked.events.map((event) => event.type),
    ['pool.blocked'],
  );
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_blocked');
  const firstAt = world.now;
  await world.advance(10);
  const again = await pools.block(match.admin, poolId, null);
  assert.deepEqual([again.body.blocked_at, again.events], [firstAt, []]);
  const allowed = await pools.allow(match.admin, poolId, null);
  assert.deepEqual(allowed.body, { pool_id: poolId, allowed_at: world.now });
  await match.bet(player, poolId, 1, 'chile');
  assert.deepEqual(await told(match, 0), [
    [352, poolId],
    [368, poolId],
    [369, poolId],
    [361, poolId],
  ]);
});

test('predictions-48: a block in the future', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const player = await world.player();
  const t = world.now;
  const done = await world.process.pools.block(match.admin, poolId, t + 5_000);
  assert.deepEqual(done.body, { pool_id: poolId, blocked_at: t + 5_000, scheduled: true });
  assert.deepEqual(done.events, []);
  await world.advanceTo(t + 4_999);
  await match.bet(player, poolId, 1, 'chile');
  const before = await head(match);
  // The instant itself counts, whether or not the timer has run.
  world.clock.set(t + 5_000);
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_blocked');
  await world.settle();
  assert.deepEqual(await match.messages(before), [
    { res: 368, seq: before + 1, body: { pool_id: poolId, blocked_at: t + 5_000 } },
  ]);
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_blocked');
});

test('a newer pending block replaces, an immediate one cancels (PL7)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const { pools } = world.process;
  const t = world.now;
  await pools.block(match.admin, poolId, t + 100);
  await pools.block(match.admin, poolId, t + 200);
  await world.advanceTo(t + 150);
  assert.deepEqual(await match.told(368), []);
  await pools.block(match.admin, poolId, null);
  await world.advanceTo(t + 160);
  await pools.allow(match.admin, poolId, null);
  await world.advanceTo(t + 300);
  assert.deepEqual(await match.told(368), [{ pool_id: poolId, blocked_at: t + 150 }]);
});

test('an order after a due switch has the last word, also when the timer did not run yet', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const player = await world.player();
  const { pools } = world.process;
  const t = world.now;
  await pools.block(match.admin, poolId, t + 100);
  await pools.blockAction(match.admin, match.gameId, 'goal', t + 150);
  await world.process.runner.stop();
  world.clock.set(t + 200);
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_blocked');
  await pools.allow(match.admin, poolId, null);
  world.process.runner.start();
  await world.settle();
  await match.bet(player, poolId, 1, 'chile');
  assert.deepEqual((await told(match, 0)).slice(1), [
    [368, poolId],
    [370, 'goal'],
    [369, poolId],
    [361, poolId],
  ]);
});

test('predictions-49: 3975 blocks the pools of an action', async () => {
  const match = await world.match();
  const goals = [await match.pool(), await match.pool(), await match.pool({ targets: ['peru:4'] })];
  const card = await match.pool({ action: 'yellow-card' });
  const player = await world.player();
  const done = await world.process.pools.blockAction(match.admin, match.gameId, 'Goal', null);
  assert.deepEqual(done.body, { game_id: match.gameId, action_id: 'goal', blocked_at: world.now });
  assert.deepEqual(
    done.events.map((event) => event.type),
    ['action.blocked', 'pool.blocked', 'pool.blocked', 'pool.blocked'],
  );
  for (const poolId of goals.slice(0, 2)) await refused(match.bet(player, poolId, 1, 'chile'), 'pool_blocked');
  await match.bet(player, card, 1, 'chile');
  await match.bet(player, await match.pool(), 1, 'chile');
  const allowed = await world.process.pools.allowAction(match.admin, match.gameId, 'goal', null);
  assert.equal(allowed.events.length, 4);
  await refused(world.process.pools.blockAction(match.admin, match.gameId, 'offside', null), 'unknown_action');
});

test('a scheduled 3975 meets the pools that exist by then (PL8)', async () => {
  const match = await world.match();
  const first = await match.pool();
  const player = await world.player();
  const t = world.now;
  const done = await world.process.pools.blockAction(match.admin, match.gameId, 'goal', t + 100);
  assert.deepEqual(done.body, {
    game_id: match.gameId,
    action_id: 'goal',
    blocked_at: t + 100,
    scheduled: true,
  });
  await world.advanceTo(t + 50);
  const meanwhile = await match.pool();
  await match.bet(player, meanwhile, 1, 'chile');
  await world.process.runner.stop();
  world.clock.set(t + 101);
  const later = await match.pool();
  // The timer did not run yet: what it will do counts already, and not for a pool of later.
  await refused(match.bet(player, first, 1, 'chile'), 'pool_blocked');
  await refused(match.bet(player, meanwhile, 1, 'chile'), 'pool_blocked');
  await match.bet(player, later, 1, 'chile');
  const before = await head(match);
  world.process.runner.start();
  await world.settle();
  assert.deepEqual(await told(match, before), [
    [370, 'goal'],
    [368, first],
    [368, meanwhile],
  ]);
  await match.bet(player, later, 1, 'chile');
  await refused(match.bet(player, first, 1, 'chile'), 'pool_blocked');
});

test('resolution drops what was pending (PL7), and a resolved pool cannot be switched', async () => {
  const match = await world.match();
  const poolId = await match.pool({ recreateOnEnd: true });
  const { pools } = world.process;
  await pools.block(match.admin, poolId, world.now + 100);
  await pools.suggestHot(match.admin, poolId, { likelyAt: world.now + 100, hot: true });
  await match.register();
  await world.advance(200);
  assert.deepEqual(await match.told(368), []);
  assert.deepEqual(await match.told(367), []);
  await refused(pools.block(match.admin, poolId, null), 'pool_closed');
  await refused(pools.suggestHot(match.admin, poolId, { likelyAt: null, hot: true }), 'pool_closed');
});

test('396: hot now, hot later, and not hot any more (PL10)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const { pools, poolReads } = world.process;
  const isHot = async () => {
    const body = await poolReads.allUnresolved(match.admin, match.gameId);
    return (body.pools_list as { is_hot: boolean }[])[0]!.is_hot;
  };
  const t = world.now;
  const later = await pools.suggestHot(match.admin, poolId, { likelyAt: t + 100, hot: true });
  assert.deepEqual(later.body, { pool_id: poolId, hot_since: t + 100, is_hot: true, scheduled: true });
  assert.equal(await isHot(), false);
  await world.advanceTo(t + 100);
  assert.equal(await isHot(), true);
  const off = await pools.suggestHot(match.admin, poolId, { likelyAt: null, hot: false });
  assert.deepEqual(messageFaults({ res: 367, ...off.body }), []);
  assert.equal(await isHot(), false);
  assert.deepEqual(await match.told(367), [
    { pool_id: poolId, hot_since: t + 100, is_hot: true },
    { pool_id: poolId, hot_since: t + 100, is_hot: false },
  ]);
});

test('3961 marks the pools that an event would touch (PL10)', async () => {
  const match = await world.match();
  const teams = await match.pool();
  const scorers = await match.pool({ targets: ['chile:11', 'chile:7'] });
  await match.pool({ targets: ['peru:4'] });
  await match.pool({ action: 'yellow-card' });
  const { pools } = world.process;
  const hot = (target: string) =>
    pools.suggestHotForActionAndTarget(match.admin, match.gameId, { action: 'goal', target, likelyAt: null });
  const player = await hot('chile:11');
  assert.deepEqual(
    player.bodies.map((body) => body.pool_id),
    [teams, scorers],
  );
  assert.equal(player.events.length, 2);
  assert.deepEqual(
    (await hot('chile')).bodies.map((body) => body.pool_id),
    [teams],
  );
  await refused(hot('brazil'), 'unknown_target');
  const card = { action: 'yellow-card', target: 'chile:7:left', likelyAt: null };
  await refused(pools.suggestHotForActionAndTarget(match.admin, match.gameId, card), 'unknown_target');
});

test('3961 on a binary pool takes its labels, as every op that names a target of it (PL2, PL10)', async () => {
  const match = await world.match();
  const poolId = await match.binaryPool({ targets: ['Ja', 'Nein'] });
  const [told] = await match.told(352);
  const { pools } = world.process;
  for (const target of ['yes', 'ja', 'no', 'None']) {
    const asked = { action: told!.action_id as string, target, likelyAt: null };
    const { bodies } = await pools.suggestHotForActionAndTarget(match.admin, match.gameId, asked);
    assert.deepEqual(
      bodies.map((body) => body.pool_id),
      [poolId],
      target,
    );
  }
  const wrong = { action: told!.action_id as string, target: 'chile', likelyAt: null };
  await refused(pools.suggestHotForActionAndTarget(match.admin, match.gameId, wrong), 'unknown_target');
});

test('3961 without a matching pool is refused with 6610', async () => {
  const match = await world.match();
  await match.pool({ targets: ['peru:4'] });
  const asked = { action: 'goal', target: 'chile:11', likelyAt: null };
  await refused(world.process.pools.suggestHotForActionAndTarget(match.admin, match.gameId, asked), 'unknown_pool');
});

test('betting stops at stop_accepting_bets_at without any timer (PL5, PL9)', async () => {
  const match = await world.match();
  const t = world.now;
  const poolId = await match.pool({ stopAcceptingBetsAt: t + 100 });
  const player = await world.player();
  await world.advanceTo(t + 99);
  await match.bet(player, poolId, 1, 'chile');
  await world.advanceTo(t + 100);
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_closed');
  await world.process.pools.allow(match.admin, poolId, null);
  await refused(match.bet(player, poolId, 1, 'chile'), 'pool_closed');
});

test('bodies of the lists of pools', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  const other = await match.pool();
  const player = await world.player();
  await match.bet(player, poolId, '2.50', 'chile');
  const { poolReads } = world.process;
  const lists = async () => ({
    3535: await poolReads.allUnresolved(player, match.gameId),
    353: await poolReads.myOpen(player, match.gameId),
    354: await poolReads.myRunning(player, match.gameId),
    355: await poolReads.myResolved(player, match.gameId),
  });
  const idsOf = (body: Record<string, unknown>) =>
    (body.pools_list as { pool_id: string }[]).map((pool) => pool.pool_id);
  const before = await lists();
  assert.deepEqual(
    [idsOf(before[3535]).toSorted(), idsOf(before[353]), idsOf(before[354]), idsOf(before[355])],
    [[poolId, other].sort(), [other], [poolId], []],
  );
  await match.register();
  const after = await lists();
  assert.deepEqual(
    [idsOf(after[3535]), idsOf(after[353]), idsOf(after[354]), idsOf(after[355])],
    [[], [], [], [poolId]],
  );
  for (const bodies of [before, after]) {
    for (const [res, body] of Object.entries(bodies))
      assert.deepEqual(messageFaults({ res: Number(res), ...body }), []);
  }
  const distribution = await poolReads.distribution(player, poolId);
  assert.deepEqual(messageFaults({ res: 360, ...distribution }), []);
});
