import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { findContradictions, isAtRest, openBeside } from './crash/checker.ts';
import { Lives } from './crash/lives.ts';
import { openGame, openPool } from './support/match.ts';
import { NativeClient } from './support/native-client.ts';
import { until } from './support/waiting.ts';

// The crash table of section 7, each row at its exact point, with a real server that gets a real SIGKILL.

let lives: Lives;

before(async () => {
  lives = await Lives.begin();
});

// Whatever died: nothing is lost, doubled or paid twice, and everything went on (RS12, BT1, BT8).
afterEach(async () => {
  const database = await openBeside(lives.server.dataDir);
  try {
    await until('everything is worked through', () => isAtRest(database));
    assert.deepEqual(await findContradictions(database), []);
  } finally {
    await database.close();
  }
});

after(() => lives.end());

const RESULTS = `select data -> 'body' ->> 'pool_id' as pool_id, data -> 'body' as body, type from events
  where type in ('pool.resolved', 'pool.expired') and data -> 'body' ->> 'game_id' = $1 order by seq`;

interface Told {
  pool_id: string;
  type: string;
  body: Readonly<Record<string, unknown>>;
}

function told(gameId: string): Promise<Told[]> {
  return lives.rows<Told>(RESULTS, [gameId]);
}

async function resolved(gameId: string, pools: number): Promise<void> {
  const sql = `select count(*) as n from predictions_pools where game_id = $1 and state <> 'open'`;
  await until(`${pools} pools are resolved`, async () => (await lives.count(sql, [gameId])) === pools);
}

/** A game with pools on its goals and two players against each other in each of them. */
async function openBets(count: number) {
  const gameId = await openGame(lives.stage);
  const anna = await lives.player('anna');
  const ben = await lives.player('ben');
  for (let i = 0; i < count; i++) {
    const poolId = await openPool(lives.stage, gameId);
    await anna.client.expect(356, 392, { pool_id: poolId, target: 'chile', amount: 3 + i });
    await ben.client.expect(356, 392, { pool_id: poolId, target: 'peru', amount: 2 });
  }
  const rows = await lives.rows<{ id: string }>(
    'select id from predictions_pools where game_id = $1 order by start_at, id',
    [gameId],
  );
  return { gameId, pools: rows.map((row) => row.id), anna, ben };
}

function goal(gameId: string, params: object = {}) {
  return { game_id: gameId, action_id: 'goal', target_id: 'chile:11', ...params };
}

test('predictions-71: killed after 2 of 5 pools, the other 3 are settled, each once', async () => {
  const { gameId, pools, anna, ben } = await openBets(5);
  await lives.hold('select 1 from predictions_pools where id = $1', [pools[2]]);
  lives.stage.console.send(395, goal(gameId));
  await resolved(gameId, 2);
  const before = await told(gameId);
  await lives.kill();
  await lives.letGo();
  await lives.live();
  await resolved(gameId, 5);
  const after = await told(gameId);
  assert.deepEqual(
    after.map((result) => result.pool_id),
    pools,
  );
  assert.deepEqual(after.slice(0, 2), before);
  // Five times two units go from ben to anna.
  const balances = await Promise.all([anna, ben].map(async ({ person }) => (await person.connect()).ask(800)));
  assert.deepEqual(
    balances.map((balance) => balance.current_balance),
    [1010, 990],
  );
});

test('killed inside the transaction of a pool: nothing of it is there, then it is settled once', async () => {
  const { gameId, pools, anna } = await openBets(1);
  await lives.hold('select 1 from predictions_balances where account_id = $1', [anna.person.id]);
  lives.stage.console.send(395, goal(gameId));
  await lives.someoneWaits();
  await lives.kill();
  await lives.letGo();
  await lives.sessionsAreOver();
  assert.deepEqual(await told(gameId), []);
  assert.equal(
    await lives.count(`select count(*) as n from predictions_ledger where pool_id = $1 and kind <> 'stake'`, [
      pools[0],
    ]),
    0,
  );
  await lives.live();
  await resolved(gameId, 1);
  assert.equal((await told(gameId)).length, 1);
});

test('bet committed, 356 not sent: the bet is there, and a retry with client_ref returns it', async () => {
  const { pools, anna } = await openBets(1);
  const bet = { pool_id: pools[0], target: 'chile', amount: 7, client_ref: randomUUID() };
  await lives.closeGate('predictions_bets', 'insert');
  anna.client.send(392, bet);
  await lives.someoneWaits();
  await lives.kill();
  await lives.openGate('predictions_bets');
  const [stored] = await lives.rows<{ id: string }>('select id from predictions_bets where client_ref = $1', [
    bet.client_ref,
  ]);
  await lives.live();
  const client = await anna.person.connect();
  const answer = await client.expect(356, 392, bet);
  assert.equal(answer.bet_id, stored?.id);
  assert.equal((await client.ask(840)).exposure, 10);
});

test('event committed, its answer not sent and the Resolver not told: it is picked up, and a repeat is a duplicate', async () => {
  const { gameId } = await openBets(2);
  const event = goal(gameId, { event_id: randomUUID() });
  await lives.closeGate('predictions_events', 'insert');
  lives.stage.console.send(395, event);
  await lives.someoneWaits();
  await lives.kill();
  await lives.openGate('predictions_events');
  assert.deepEqual(await told(gameId), []);
  const console = await lives.live();
  await resolved(gameId, 2);
  assert.equal((await console.expect(366, 395, event)).duplicate, true);
  assert.equal((await told(gameId)).length, 2);
});

test('pool committed, 362 not sent: whoever comes back gets it, once', async () => {
  const { gameId, pools } = await openBets(1);
  const topic = `predictions/game/${gameId}`;
  const reader = await new NativeClient(lives.server.wsUrl).open();
  const { epoch, seq } = await reader.subscribe(topic);
  await lives.closeGate('predictions_pools', 'update');
  lives.stage.console.send(395, goal(gameId));
  await lives.someoneWaits();
  await lives.kill();
  await reader.closed;
  await lives.openGate('predictions_pools');
  assert.deepEqual(
    (await told(gameId)).map((result) => result.pool_id),
    pools,
  );
  await lives.live();
  const again = await new NativeClient(lives.server.wsUrl).open();
  // Of the two messages the 366 was sent before, or not: the reader says what it has.
  const missed = reader.events.all.at(-1)?.seq ?? seq!;
  await again.subscribe(topic, { epoch: epoch!, seq: missed });
  const result = await again.events.first('the result', (event) => event.type === 'pool.resolved');
  assert.equal(result.data.pool_id, pools[0]);
  assert.deepEqual(
    again.events.all.map((event) => event.seq),
    Array.from({ length: again.events.all.length }, (_, i) => missed + 1 + i),
  );
  await again.close();
});

test('expiry due during the downtime: expired_at is finish_at', async () => {
  const gameId = await openGame(lives.stage);
  const finishAt = Date.now() + 1_500;
  const poolId = await openPool(lives.stage, gameId, { type: 2, finish_at: finishAt });
  await lives.kill();
  await until('the pool has finished', () => Date.now() > finishAt);
  await lives.live();
  await resolved(gameId, 1);
  const [result] = await told(gameId);
  assert.deepEqual([result?.type, result?.pool_id, result?.body.expired_at], ['pool.expired', poolId, finishAt]);
  assert.ok(Number(result?.body.resolved_at) > finishAt);
});

test('close_game after 1 of 3 pools: the rest is finished', async () => {
  const { gameId, pools } = await openBets(3);
  await lives.hold('select 1 from predictions_pools where id = $1', [pools[1]]);
  lives.stage.console.send(375, { game_id: gameId });
  await resolved(gameId, 1);
  await lives.kill();
  await lives.letGo();
  const console = await lives.live();
  const answer = await console.ask(375, { game_id: gameId });
  // The request of before the crash may have been finished first.
  assert.ok(answer.res === 341 || answer.code === 6618, JSON.stringify(answer));
  assert.deepEqual(
    (await told(gameId)).map(({ pool_id, body }) => [pool_id, body.winning_target]),
    pools.map((id) => [id, 'none']),
  );
});

test('feed item read, not committed: it comes again and is one event', async () => {
  const { gameId } = await openBets(1);
  const path = `/predictions/api/games/${gameId}/events`;
  const items = { feed: 'stadium', items: [{ item_id: 'i-1', action_id: 'goal', target_id: 'chile:11' }] };
  const { rest } = lives.stage.admin;
  await lives.hold('select 1 from predictions_games where id = $1', [gameId]);
  const lost = rest.post(path, items).then(
    () => 'answered',
    () => 'lost',
  );
  await lives.someoneWaits();
  await lives.kill();
  await lives.letGo();
  assert.equal(await lost, 'lost');
  await lives.live();
  for (const outcome of ['registered', 'duplicate']) {
    const { status, body } = await rest.post(path, items);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal((body.outcomes as { outcome: string }[])[0]!.outcome, outcome);
  }
  await resolved(gameId, 1);
  assert.equal(await lives.count('select count(*) as n from predictions_events where game_id = $1', [gameId]), 1);
});
