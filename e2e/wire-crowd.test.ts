// More than a thousand bettors in one pool: every body stays bounded, everybody finds himself in it (contract 5.10).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Installation, openInstallation } from './support/installation.ts';
import { openGame, openPool, openStage, type Stage } from './support/match.ts';
import type { OpcodeClient } from './support/opcode-client.ts';
import { RestClient } from './support/people.ts';

const CROWD = 1_001;
const AT_ONCE = 8;

let house: Installation;
let stage: Stage;
let gameId: string;
/** Has joined, has not bet. */
let watcher: OpcodeClient;

before(async () => {
  house = await openInstallation();
  stage = await openStage(house.people);
  gameId = await openGame(stage, { live_start_at: Date.now() + 3_600_000 });
  watcher = (await arrive('watcher')).client;
});

after(async () => await house.close());

async function arrive(name: string): Promise<{ id: string; client: OpcodeClient }> {
  const person = await house.people.signUp(name);
  const client = await person.connect();
  await client.expect(333, 363, { game_id: gameId });
  return { id: person.id, client };
}

/** A crowd that only left e-mail addresses stakes 2.00 each on chile, a few at a time (PG1). */
async function bringCrowd(poolId: string): Promise<void> {
  const path = `/r/sources/${stage.sourceId}/games/upcoming/${gameId}/pools/${poolId}/predictions/`;
  let next = 0;
  const predict = async () => {
    while (next < CROWD) {
      const query = `?email=${encodeURIComponent(`fan-${next++}@example.org`)}`;
      const { status, body } = await new RestClient(() => house.server).post(path + query, {
        user_backed: { chile: 2 },
      });
      assert.equal(status, 200, JSON.stringify(body));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, predict));
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
  await bringCrowd(poolId);
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
  const board = await watcher.expect(451, 451, { game_id: gameId });
  // With alice of the test before.
  assert.deepEqual([board.leaderboard!.length, board.rows_total], [1_000, CROWD + 4]);
  const seqs = results.map(({ response_header: header }) => header.seq);
  assert.equal(new Set(seqs).size, 1);
});
