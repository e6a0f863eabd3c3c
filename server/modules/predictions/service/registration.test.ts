import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gameTopic } from '../events.ts';
import { messageFaults } from '../rules/vocabulary.ts';
import type { FeedItem } from './registration.ts';
import { RejectedItems } from './rejected-items.ts';
import { openWorld, refused, SYSTEM, type TestMatch, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

async function openPools(match: TestMatch): Promise<string[]> {
  const body = await world.process.poolReads.allUnresolved(match.admin, match.gameId);
  return (body.pools_list as { pool_id: string }[]).map((pool) => pool.pool_id);
}

test('predictions-17: an event decides the pools that list a target of its path', async () => {
  const match = await world.match();
  const teams = await match.pool();
  const scorers = await match.pool({ targets: ['chile:11', 'chile:7'] });
  const peruvian = await match.pool({ targets: ['peru:4'] });
  const card = await match.pool({ action: 'yellow-card' });
  await match.register();
  assert.equal((await match.result(teams)).winning_target, 'chile');
  assert.equal((await match.result(scorers)).winning_target, 'chile:11');
  assert.deepEqual((await openPools(match)).toSorted(), [peruvian, card].sort());
});

test('an event on none decides every pool of its action (EV5)', async () => {
  const match = await world.match();
  const pools = [await match.pool(), await match.pool({ targets: ['peru:4'] })];
  await match.register({ target: 'none' });
  for (const poolId of pools) assert.equal((await match.result(poolId)).winning_target, 'none');
  assert.deepEqual((await world.process.games.details(match.admin, match.gameId)).game_state, []);
});

test('predictions-18: an event needs a leaf', async () => {
  const match = await world.match();
  await match.pool();
  await refused(match.register({ target: 'chile' }), 'target_not_leaf');
  assert.equal((await openPools(match)).length, 1);
  await refused(match.register({ target: 'brazil' }), 'unknown_target');
  await refused(match.register({ action: 'offside' }), 'unknown_action');
});

test('predictions-19: in an uneven tree a childless team counts', async () => {
  const match = await world.match({ targets: ['Chile:11', 'Peru'] });
  const poolId = await match.pool();
  await match.register({ target: 'Peru' });
  assert.equal((await match.result(poolId)).winning_target, 'peru');
});

test('predictions-20: a leaf that gets children is none any more, its past stays', async () => {
  const match = await world.match({ targets: ['Chile', 'Peru'] });
  await match.register({ target: 'chile' });
  await world.process.games.update(match.admin, match.gameId, { actions: [], targets: ['Chile:9'] });
  await refused(match.register({ target: 'chile' }), 'target_not_leaf');
  const { body } = await match.register({ target: 'chile:9' });
  assert.deepEqual(body.current_count, { chile: '2' });
  const details = await world.process.games.details(match.admin, match.gameId);
  assert.deepEqual(details.game_state, [{ action_id: 'goal', chile: '2' }]);
  const past = details.past_events as { target_id: string }[];
  assert.deepEqual(
    past.map((event) => event.target_id),
    ['chile:9', 'chile'],
  );
});

test('predictions-38: an event before the start of a pool does not decide it', async () => {
  const match = await world.match();
  const t = world.now;
  await world.advanceTo(t + 500);
  const poolId = await match.pool();
  await world.advanceTo(t + 600);
  await match.register({ happenedAt: t + 499 });
  assert.deepEqual(await openPools(match), [poolId]);
  const [told] = await match.told(366);
  assert.equal(told!.happened_at, t + 499);
});

test('predictions-39: first registered wins', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  await world.advance(120_000);
  const t = world.now;
  await match.register({ target: 'peru:4', happenedAt: t - 30_000 });
  const before = await match.result(poolId);
  const { body } = await match.register({ happenedAt: t - 90_000 });
  assert.deepEqual(body.current_count, { peru: '1', chile: '1' });
  assert.deepEqual(await match.result(poolId), before);
  const details = await world.process.games.details(match.admin, match.gameId);
  assert.equal((details.past_events as unknown[]).length, 2);
});

test('predictions-40: the same 395 again is a duplicate', async () => {
  const match = await world.match();
  const happenedAt = 1_700_000_300_000;
  await world.advanceTo(Math.max(world.now, happenedAt));
  const first = await match.register({ happenedAt });
  const second = await match.register({ happenedAt });
  assert.deepEqual(second.body, { ...first.body, duplicate: true });
  assert.deepEqual(second.events, []);
  assert.deepEqual(second.body.current_count, { chile: '1' });
  assert.equal((await match.told(366)).length, 1);
  assert.deepEqual(messageFaults({ res: 366, ...second.body }), []);
});

test('a duplicate stays one when its target has got children, and when the game is closed', async () => {
  const match = await world.match({ targets: ['Chile', 'Peru'] });
  const event = { target: 'chile', happenedAt: world.now };
  await match.register(event);
  await world.process.games.update(match.admin, match.gameId, { actions: [], targets: ['Chile:9'] });
  assert.equal((await match.register(event)).body.duplicate, true);
  await world.process.closing.closeGame(match.admin, match.gameId, false);
  assert.equal((await match.register(event)).body.duplicate, true);
  await refused(match.register({ target: 'peru' }), 'game_closed');
});

test('an event_id is its own identity, whatever else differs (EV12)', async () => {
  const match = await world.match();
  const first = await match.register({ eventId: 'match-7/goal-1' });
  assert.equal(first.body.event_id, 'match-7/goal-1');
  const second = await match.register({ eventId: 'match-7/goal-1', target: 'peru:4' });
  assert.deepEqual(second.body, { ...first.body, duplicate: true });
  await match.register({ eventId: 'match-7/goal-2' });
  const details = await world.process.games.details(match.admin, match.gameId);
  assert.deepEqual(
    (details.past_events as { event_id: string }[]).map((event) => event.event_id),
    ['match-7/goal-2', 'match-7/goal-1'],
  );
});

test('predictions-41: two events without a time are two events', async () => {
  const match = await world.match();
  const poolId = await match.pool({ recreateOnEnd: true });
  await match.register();
  const [, recreated] = await match.told(352);
  assert.equal(recreated!.recreated_from, poolId);
  await match.register();
  const second = await match.result(recreated!.pool_id as string);
  assert.equal(second.is_money_return, true);
  assert.deepEqual(
    (await match.messages()).map(({ res }) => res),
    [352, 366, 362, 352, 366, 362, 352],
  );
});

test('a pool recreated by an event is not decided by it, even within the same millisecond (RS5)', async () => {
  const match = await world.match();
  await match.pool({ recreateOnEnd: true });
  await match.register({ happenedAt: world.now + 1 });
  assert.equal((await openPools(match)).length, 1);
});

test('messages of an event come in the order of EV8', async () => {
  const match = await world.match();
  const pools: string[] = [];
  for (let i = 0; i < 3; i++) {
    pools.push(await match.pool({ recreateOnEnd: i !== 1 }));
    await world.advance(1);
  }
  const since = (await match.messages()).length;
  const done = await match.register();
  const messages = await match.messages(since);
  const recreated = (await match.told(352)).slice(3);
  assert.deepEqual(
    messages.map(({ res, body }) => [res, res === 362 ? body.pool_id : (body.recreated_from ?? null)]),
    [[366, null], ...pools.map((id) => [362, id]), ...recreated.map((body) => [352, body.recreated_from])],
  );
  assert.deepEqual(recreated.map((body) => body.recreated_from).toSorted(), [pools[0], pools[2]].toSorted());
  const rows = await world.database.query<{ data: { cause?: string; step?: { settled?: string[] } } }>(
    `select data from events where topic = $1 and type = 'pool.resolved' order by seq`,
    [gameTopic(match.gameId)],
  );
  assert.deepEqual(
    rows.map(({ data }) => [data.cause, data.step?.settled]),
    [
      [done.cause, undefined],
      [done.cause, undefined],
      [done.cause, pools],
    ],
  );
});

test('times of events (EV1)', async () => {
  const match = await world.match();
  const ahead = await match.register({ happenedAt: world.now + 5_000 });
  assert.equal(ahead.body.happened_at, world.now);
  await refused(match.register({ happenedAt: world.now + 5_002 }), 'event_time_invalid');
  await match.register({ happenedAt: 0 });
});

test('events need an open game and its admin (EV13)', async () => {
  const match = await world.match({ openAt: world.now + 60_000 });
  await refused(match.register(), 'game_not_open');
  const player = await world.player();
  const asked = { action: 'goal', target: 'none', happenedAt: null, description: '', eventId: null, poolId: null };
  await refused(world.process.events.registerEvent(player, { ...asked, gameId: match.gameId }), 'not_authorized');
});

test('predictions-55: a yes/no pool is resolved by 395, heard by the caller only', async () => {
  const match = await world.match();
  const poolId = await match.binaryPool();
  const [a, b, c] = await world.players(3);
  await match.bet(a!, poolId, '2.50', 'yes');
  await match.bet(b!, poolId, '1.25', 'Yes');
  await match.bet(c!, poolId, '5.00', 'no');
  const done = await match.register({ action: null, poolId, target: 'yes' });
  assert.deepEqual(done.events, []);
  assert.deepEqual(done.body.current_count, {});
  assert.equal(done.body.target_display_name, 'Yes');
  const result = await match.result(poolId);
  assert.deepEqual(result.winners, { [a!.accountId]: 3.33, [b!.accountId]: 1.67 });
  assert.deepEqual(await world.available(a!, b!, c!), ['1003.33', '1001.67', '995.00']);
  assert.deepEqual(await match.told(366), []);
  const details = await world.process.games.details(match.admin, match.gameId);
  assert.deepEqual([details.game_state, details.past_events], [[], []]);
});

test('a yes/no pool goes by its own action as well; what it refuses (EV11)', async () => {
  const match = await world.match();
  const t = world.now;
  const poolId = await match.binaryPool({ type: 4, finishAt: t + 1_000, recreateOnEnd: true });
  const action = (await match.told(352))[0]!.action_id as string;
  await refused(match.register({ action, target: 'maybe' }), 'unknown_target');
  await refused(match.register({ action, target: 'yes', happenedAt: t - 1 }), 'event_time_invalid');
  const ordinary = await match.pool();
  await refused(match.register({ action: null, poolId: ordinary, target: 'chile' }), 'unknown_action');
  const other = await world.match();
  await refused(other.register({ action: null, poolId, target: 'yes' }), 'unknown_pool');
  await refused(other.register({ action, target: 'yes' }), 'unknown_action');
  await refused(match.register({ action: null, target: 'yes' }), 'missing_parameter');
  await match.register({ action: action.toUpperCase(), target: 'none' });
  assert.equal((await match.result(poolId)).winning_target, 'none');
  await refused(match.register({ action: null, poolId, target: 'yes' }), 'pool_closed');
  // The recreated pool has the same action: it is meant now.
  const recreated = (await match.told(352)).at(-1)!;
  assert.equal(recreated.action_id, action);
  await match.register({ action, target: 'yes' });
  assert.notEqual((await match.result(recreated.pool_id as string)).winning_target, 'none');
});

test('a binary resolution dated after finish_at is refused (EV11)', async (t) => {
  const graced = await openWorld({ settings: { expiryGraceMs: 10_000 } });
  t.after(() => graced.end());
  const match = await graced.match();
  const poolId = await match.binaryPool({ type: 4, finishAt: graced.now + 1_000 });
  const finishAt = graced.now + 1_000;
  await graced.advanceTo(finishAt + 500);
  await refused(match.register({ action: null, poolId, target: 'yes' }), 'pool_closed');
  await match.register({ action: null, poolId, target: 'yes', happenedAt: finishAt });
  assert.equal((await match.result(poolId)).res, 362);
});

function item(itemId: string, changes: Partial<FeedItem> = {}): FeedItem {
  return { itemId, action: 'goal', target: 'chile:11', happenedAt: null, description: '', ...changes };
}

test('feed items: registered, repeated, rejected, each acknowledged (RS10, RS11)', async () => {
  const match = await world.match();
  const poolId = await match.pool();
  world.clock.advance(1);
  const feed = { feed: 'match-data', gameId: match.gameId };
  const outcomes = await world.process.events.registerFeedItems(SYSTEM, {
    ...feed,
    items: [
      item('1'),
      item('2', { target: 'brazil' }),
      item('1', { target: 'peru:4' }),
      item('3', { target: 'peru:4', action: 'yellow-card' }),
      item('4', { target: 'chile' }),
      item('5', { action: 'offside' }),
    ],
  });
  await world.settle();
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind)),
    ['registered', 'unknown_target', 'duplicate', 'registered', 'target_not_leaf', 'unknown_action'],
  );
  assert.equal((await match.result(poolId)).winning_target, 'chile');
  const again = await world.process.events.registerFeedItem(SYSTEM, { ...feed, item: item('1') });
  assert.equal(again.kind, 'duplicate');
  assert.equal((await match.told(366)).length, 2);

  await world.process.closing.closeGame(match.admin, match.gameId, false);
  const late = await world.process.events.registerFeedItem(SYSTEM, { ...feed, item: item('6') });
  assert.deepEqual(late, { kind: 'rejected', reason: 'game_closed' });
  const lost = { ...feed, gameId: 'nowhere', item: item('7') };
  assert.deepEqual(await world.process.events.registerFeedItem(SYSTEM, lost), {
    kind: 'rejected',
    reason: 'unknown_game',
  });
  const rejected = await new RejectedItems(world.process.deps).list(match.admin);
  assert.deepEqual(rejected.map((row) => row.item_id).toSorted(), ['2', '4', '5', '6', '7']);
  await refused(world.process.events.registerFeedItem(match.admin, { ...feed, item: item('8') }), 'not_authorized');
});
