// More than a thousand bettors in one pool: every body stays bounded, everybody finds himself in it (contract 5.10).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Installation, openInstallation } from './support/installation.ts';
import { openGame, openPool, openStage, type Stage } from './support/match.ts';
import type { OpcodeClient } from './support/opcode-client.ts';

const CROWD = 1_001;

let house: Installation;
let stage: Stage;
let gameId: string;
/** Has joined, has not bet. */
let watcher: OpcodeClient;

before(async () => {
  house = await openInstallation();
  stage = await openStage(house.people);
  gameId = await openGame(stage);
  watcher = (await arrive('watcher')).client;
});

after(async () => await house.close());

async function arrive(name: string): Promise<{ id: string; client: OpcodeClient }> {
  const person = await house.people.signUp(name);
  const client = await person.connect();
  await client.expect(333, 363, { game_id: gameId });
  return { id: person.id, client };
}

/** Lets a crowd of newcomers stake 2.00 each on the first target of a pool, as if each had come and bet: players, balances, ledger, bets. */
async function seedCrowd(poolId: string): Promise<void> {
  await house.store.pool.query(
    `with crowd as (
       insert into accounts (id, username, username_key, email, email_key, claimed, created_at)
       select gen_random_uuid(), 'fan' || i, 'fan' || i, 'fan' || i || '@example.org', 'fan' || i || '@example.org', true, $2
       from generate_series(1, $3::int) i returning id, username_key, email_key
     ), names as (
       insert into login_names (name, account_id)
       select username_key, id from crowd union all select email_key, id from crowd
     ), players as (
       insert into predictions_players (account_id, challenge_id, joined_at) select id, gen_random_uuid(), $2 from crowd
     ), balances as (
       insert into predictions_balances (account_id, currency, available, exposure) select id, 'DON', 99800, 200 from crowd
     ), ledger as (
       insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount)
       select $2, 'grant', id, 'DON', null::uuid, 100000 from crowd union all select $2, 'stake', id, 'DON', $1::uuid, 200 from crowd
     ), bets as (
       insert into predictions_bets (pool_id, seq, id, account_id, target_id, amount, placed_at)
       select $1::uuid, row_number() over (), gen_random_uuid(), id, 'chile', 200, $2 from crowd
     ), positions as (
       insert into predictions_positions (pool_id, account_id, target_id, amount, first_placed_at)
       select $1::uuid, id, 'chile', 200, $2 from crowd
     )
     update predictions_pools set money = array[200 * $3, 0, 0], people = array[$3, 0, 0], participants = $3, next_bet_seq = $3 + 1,
       last_placed_at = $2 where id = $1::uuid`,
    [poolId, Date.now(), CROWD],
  );
}

test('BO2: bets decided together are told together, with the newest 100', async () => {
  const bets = 300;
  const poolId = await openPool(stage, gameId);
  const alice = await house.people.signUp('alice');
  const path = `/r/sources/${stage.sourceId}/games/active/${gameId}/pools/open/${poolId}/predictions/`;
  const from = watcher.mark();
  const answers = await Promise.all(
    Array.from({ length: bets }, () => alice.rest.post(path, { target_id: 'chile', amount: 1 })),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  await watcher.first(361, from, ({ amount_total: total }) => total === bets);
  const updates = watcher.messages.slice(from).filter(({ res }) => res === 361);
  const counts = updates.map(({ new_bets: shown, new_bets_total: total }) => {
    assert.ok((shown as object[]).length <= 100);
    return Number(total ?? (shown as object[]).length);
  });
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    bets,
  );
  assert.ok(Math.max(...counts) > 100, `batches of ${counts}`);
});

test('BO1: a result shows the first 1,000 and the receiver himself; a distribution the newest 100 bets', async () => {
  const poolId = await openPool(stage, gameId);
  await seedCrowd(poolId);
  const [rich, poor, loser] = [await arrive('rich'), await arrive('poor'), await arrive('loser')];
  await rich.client.expect(356, 392, { pool_id: poolId, target: 'chile', amount: 3 });
  await poor.client.expect(356, 392, { pool_id: poolId, target: 'chile', amount: 1 });
  await loser.client.expect(356, 392, { pool_id: poolId, target: 'peru', amount: 5 });
  const { distribution } = await watcher.expect(360, 393, { pool_id: poolId });
  const [chile, peru] = distribution!;
  assert.deepEqual([(chile!.bets as object[]).length, chile!.bets_total], [100, CROWD + 2]);
  assert.equal((peru!.bets as object[]).length, 1);

  const receivers = [rich.client, poor.client, loser.client, watcher, stage.console];
  await Promise.all([rich, poor, loser].map(({ client }) => client.first(815)));
  const from = receivers.map((client) => client.mark());
  await stage.console.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
  const ofPool = ({ pool_id: id }: { pool_id?: string }) => id === poolId;
  const results = await Promise.all(receivers.map((client, i) => client.first(362, from[i], ofPool)));
  for (const { truncated, winners_total: winners, losers_total: losers } of results) {
    assert.deepEqual([truncated, winners, losers], [true, CROWD + 2, 1]);
  }
  const counts = results.map(({ winners }) => Object.keys(winners!).length);
  assert.deepEqual(counts, [1_000, 1_001, 1_000, 1_000, 1_000]);
  assert.deepEqual(
    results.map(({ winners }) => winners![poor.id] !== undefined),
    [false, true, false, false, false],
  );
  assert.equal(typeof results[0]!.winners![rich.id], 'number');
  assert.deepEqual(results[2]!.losers, { [loser.id]: 5 });
  for (const [i, { client }] of [rich, poor, loser].entries()) await client.first(815, from[i]);
  const seqs = results.map(({ response_header: header }) => header.seq);
  assert.equal(new Set(seqs).size, 1);
});
