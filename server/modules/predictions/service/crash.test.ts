import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gameTopic } from '../events.ts';
import { openWorld, refused, type TestMatch, type World } from './testing.ts';
import { Plug } from './testing-process.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

/** Five pools of one question with bets of four players, two of the pools recreated; and what everybody has. */
async function fivePools() {
  const match = await world.match();
  const players = await world.players(4);
  const pools: string[] = [];
  for (let i = 0; i < 5; i++) {
    const poolId = await match.pool({ recreateOnEnd: i < 2 });
    pools.push(poolId);
    await match.bet(players[0]!, poolId, 3 + i, 'chile');
    await match.bet(players[1]!, poolId, '1.01', 'chile');
    await match.bet(players[2]!, poolId, 7, 'peru');
    if (i === 2) await match.bet(players[3]!, poolId, 5, 'none');
    await world.advance(1);
  }
  return { match, pools, players };
}

/** Does something that the Resolver follows up, pulls the plug at every commit in turn, and looks what a new process makes of it. */
async function sweep(
  act: (match: TestMatch) => Promise<unknown>,
  check: (run: Awaited<ReturnType<typeof fivePools>>) => Promise<void>,
) {
  let expected: string[] | undefined;
  for (let commits = 0; ; commits++) {
    await world.replaceProcess();
    const run = await fivePools();
    const plug = new Plug(commits);
    await world.replaceProcess(plug);
    await act(run.match);
    await world.settle();
    const { isOut } = plug;
    await world.replaceProcess();
    await world.settle();
    await check(run);
    const balances = await world.available(...run.players);
    expected ??= balances;
    assert.deepEqual(balances, expected, `plug pulled before commit ${commits}`);
    await world.checkInvariants();
    if (!isOut) return commits;
  }
}

/** Pools whose players' balances are told at the end of a step, by whichever process ends it (BT9, RS9). */
async function toldOf(match: TestMatch): Promise<string[][]> {
  const steps = await world.database.query<{ data: { step: { settled?: string[] } } }>(
    `select data from events where topic = $1 and type = 'pool.resolved'`,
    [gameTopic(match.gameId)],
  );
  return steps.flatMap(({ data }) => (data.step.settled ? [data.step.settled.toSorted()] : []));
}

/** Throws why a call failed. */
function reason(outcome: PromiseSettledResult<unknown>): unknown {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

test('predictions-71: killed anywhere in the settlement of five pools, all are settled once', async () => {
  const commits = await sweep(
    (match) => match.register(),
    async ({ match, pools, players }) => {
      for (const poolId of pools) {
        const result = await match.result(poolId);
        assert.deepEqual([result.winning_target, Object.keys(result.winners).length], ['chile', 2]);
      }
      assert.equal((await match.told(366)).length, 1);
      const recreated = (await match.told(352)).filter((body) => body.recreated_from !== null);
      assert.deepEqual(recreated.map((body) => body.recreated_from).toSorted(), pools.slice(0, 2).toSorted());
      for (const player of players) assert.equal((await world.balanceOf(player)).exposure, 0n);
      assert.deepEqual(await toldOf(match), [pools.toSorted()]);
    },
  );
  // Reading the event, five pools, the end of the event.
  assert.equal(commits, 7);
});

test('a close that was cut off is finished by the next process', async () => {
  await sweep(
    (match) => world.outlast(world.process.closing.closeGame(match.admin, match.gameId, false)),
    async ({ match, pools }) => {
      for (const poolId of pools) assert.equal((await match.result(poolId)).winning_target, 'none');
      assert.equal((await match.told(341)).length, 1);
      assert.deepEqual(await toldOf(match), [pools.toSorted()]);
    },
  );
});

test('a pool that cannot be settled is parked and holds up nobody else (RS13)', async (t) => {
  const other = await openWorld();
  t.after(() => other.end());
  const match = await other.match();
  const pools = [await match.pool(), await match.pool(), await match.pool()].toSorted();
  const player = await other.player();
  for (const poolId of pools) await match.bet(player, poolId, 1, 'chile');
  // Money that is on no target of the pool: its settlement breaks a constraint.
  await other.database.query('update predictions_bets set amount = amount + 1000000 where pool_id = $1', [pools[2]]);
  await match.register();
  const results = (await match.told(362)).map((body) => body.pool_id);
  assert.deepEqual(results.toSorted(), pools.slice(0, 2));
  const [last] = await match.told(342);
  assert.ok(last, 'the step ends with another message');
  const [parked] = await other.database.query<{ id: string; state: string; parked_reason: string }>(
    'select id, state, parked_reason from predictions_pools where parked_at is not null',
  );
  assert.deepEqual([parked!.id, parked!.state], [pools[2], 'open']);
  // Tried again too early, it is parked again; repaired, the same event decides it.
  const { parkedPools } = other.process;
  await refused(parkedPools.retry(player, pools[2]!), 'not_authorized');
  await parkedPools.retry(match.admin, pools[2]!);
  await other.settle();
  const listed = await parkedPools.list(match.admin);
  assert.deepEqual(
    listed.map((pool) => pool.pool_id),
    [pools[2]],
  );
  await other.database.query('update predictions_bets set amount = amount - 1000000 where pool_id = $1', [pools[2]]);
  await parkedPools.retry(match.admin, pools[2]!);
  await other.settle();
  assert.equal((await match.result(pools[2]!)).winning_target, 'chile');
  await refused(parkedPools.retry(match.admin, pools[2]!), 'invalid_parameter');
  assert.deepEqual(await parkedPools.list(match.admin), []);
});

test('a timed pool parked by its event is not expired to none; one parked by its expiry or by a close is tried again (RS13)', async (t) => {
  const other = await openWorld();
  t.after(() => other.end());
  const match = await other.match();
  const player = await other.player();
  const finishAt = other.now + 60_000;
  const breakIt = (poolId: string, sign: 1 | -1) =>
    other.database.query('update predictions_bets set amount = amount + $2 where pool_id = $1', [
      poolId,
      sign * 1_000_000,
    ]);
  const [byEvent, byExpiry, byClose] = [
    await match.pool({ type: 2, finishAt }),
    await match.pool({ type: 2, finishAt, targets: ['peru'] }),
    await match.pool({ targets: ['peru'] }),
  ];
  for (const poolId of [byEvent, byExpiry, byClose]) {
    await match.bet(player, poolId, 1, poolId === byEvent ? 'chile' : 'peru');
    await breakIt(poolId, 1);
  }
  await match.register();
  await other.advanceTo(finishAt);
  const ids = async () => (await other.process.parkedPools.list(match.admin)).map((pool) => pool.pool_id).toSorted();
  assert.deepEqual(await ids(), [byEvent, byExpiry].toSorted());
  for (const poolId of [byEvent, byExpiry]) {
    await breakIt(poolId, -1);
    await other.process.parkedPools.retry(match.admin, poolId);
  }
  await other.settle();
  assert.deepEqual([(await match.result(byEvent)).winning_target, (await match.result(byEvent)).res], ['chile', 362]);
  assert.deepEqual([(await match.result(byExpiry)).winning_target, (await match.result(byExpiry)).res], ['none', 363]);
  await refused(
    other.outlast(other.process.closing.closeGame(match.admin, match.gameId, false)).then(reason),
    'unresolved_pools',
  );
  await breakIt(byClose, -1);
  await other.process.parkedPools.retry(match.admin, byClose);
  await other.settle();
  assert.equal((await match.result(byClose)).winning_target, 'none');
  assert.equal((await match.told(341)).length, 1);
});
