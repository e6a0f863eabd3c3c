import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addActions } from './actions.ts';
import {
  type AskedPool,
  assertUnresolved,
  isBlockedAt,
  isRecreated,
  listOf,
  type NewPool,
  planPool,
  poolRefusal,
  poolsOfAction,
  poolsOnPath,
  recreatePool,
  targetOfPool,
} from './pool.ts';
import { aPool, assertRule, matchTargets } from './testing.ts';
import type { PoolState } from './types.ts';

const vocabulary = { actions: addActions([], ['Goal', 'Foul']), targets: matchTargets };
const ids = () => {
  let next = 0;
  return () => `uuid-${++next}`;
};

const asked: AskedPool = {
  gameId: 'game-1',
  description: ' Next goal? ',
  type: 1,
  action: 'Goal',
  targets: ['Chile', 'PERU'],
  finishAt: null,
  stopAcceptingBetsAt: null,
  recreateOnEnd: false,
  isBlocked: false,
  isHot: false,
};

const plan = (changes: Partial<AskedPool> = {}): NewPool => planPool({ ...asked, ...changes }, vocabulary, 1000, ids());
const refuses = (changes: Partial<AskedPool>, name: string) =>
  assertRule(() => plan(changes), 'invalid_parameter', { name });

test('predictions-15: a pool as asked for, none added last, display names of the game (PL1, I15)', () => {
  assert.deepEqual(plan(), {
    gameId: 'game-1',
    description: 'Next goal?',
    type: 1,
    actionId: 'goal',
    targets: [
      { targetId: 'chile', displayName: 'Chile' },
      { targetId: 'peru', displayName: 'Peru' },
      { targetId: 'none', displayName: 'None' },
    ],
    targetLevel: 1,
    recreateOnEnd: false,
    state: 'open',
    startAt: 1000,
    finishAt: null,
    stopAcceptingBetsAt: null,
    isBlocked: false,
    blockedAt: null,
    allowedAt: null,
    pendingBlockAt: null,
    pendingAllowAt: null,
    isHot: false,
    recreatedFrom: null,
  });
});

test('a pool keeps its marks; one created blocked is blocked since then', () => {
  const pool = plan({ recreateOnEnd: true, isBlocked: true, isHot: true });
  assert.deepEqual([pool.recreateOnEnd, pool.isBlocked, pool.blockedAt, pool.isHot], [true, true, 1000, true]);
});

test('predictions-14: targets of one level only; none does not count, order stays, repeats merge (PL1)', () => {
  assertRule(() => plan({ targets: ['chile', 'chile:11'] }), 'mixed_target_levels');
  const pool = plan({ targets: ['none', 'peru:4', 'Chile:7', 'PERU:4'] });
  assert.deepEqual(
    pool.targets.map((target) => target.targetId),
    ['peru:4', 'chile:7', 'none'],
  );
  assert.equal(pool.targetLevel, 2);
});

test('a pari-mutuel pool needs an action and a target of its game (PL1)', () => {
  assertRule(() => plan({ action: null }), 'missing_parameter', { name: 'action_id' });
  assertRule(() => plan({ targets: [] }), 'missing_parameter', { name: 'targets' });
  assertRule(() => plan({ action: 'shot' }), 'unknown_action', { action_id: 'shot' });
  assertRule(() => plan({ targets: ['chile', 'brazil'] }), 'unknown_target', { target_id: 'brazil' });
  refuses({ targets: ['None'] }, 'targets');
  refuses({ targets: ['a::b'] }, 'targets');
  refuses({ description: '  ' }, 'description');
});

test('a binary pool makes its own action and target, labelled Yes and No unless told (PL2)', () => {
  const pool = plan({ type: 3, action: 'shot', targets: [] });
  assert.deepEqual(pool.targets, [
    { targetId: 'uuid-1', displayName: 'Yes' },
    { targetId: 'none', displayName: 'No' },
  ]);
  assert.equal(pool.actionId, 'uuid-2');
  assert.equal(pool.targetLevel, 1);
  assert.deepEqual(
    plan({ type: 3, action: null, targets: [' Sí ', 'Nunca'] }).targets.map((target) => target.displayName),
    ['Sí', 'Nunca'],
  );
  for (const targets of [['one'], ['a', 'b', 'c'], ['Yes', 'YES']]) refuses({ type: 3, targets }, 'targets');
});

test('timed pools need a finish to come, the others have none (PL3)', () => {
  for (const type of [2, 4] as const) {
    const targets = type === 2 ? ['chile'] : [];
    assert.equal(plan({ type, targets, finishAt: 1001 }).finishAt, 1001);
    assertRule(() => plan({ type, targets }), 'missing_parameter', { name: 'finish_at' });
    refuses({ type, targets, finishAt: 1000 }, 'finish_at');
  }
  assert.equal(plan({ finishAt: 5 }).finishAt, null);
  assert.equal(plan({ type: 3, targets: [], finishAt: 5000 }).finishAt, null);
});

test('betting stops after now and not after the finish (PL4)', () => {
  assert.equal(plan({ stopAcceptingBetsAt: 1001 }).stopAcceptingBetsAt, 1001);
  refuses({ stopAcceptingBetsAt: 1000 }, 'stop_accepting_bets_at');
  const timed = { type: 2, finishAt: 2000 } as const;
  assert.equal(plan({ ...timed, stopAcceptingBetsAt: 2000 }).stopAcceptingBetsAt, 2000);
  refuses({ ...timed, stopAcceptingBetsAt: 2001 }, 'stop_accepting_bets_at');
  assert.equal(plan({ finishAt: 1500, stopAcceptingBetsAt: 9000 }).stopAcceptingBetsAt, 9000);
});

test('a target of a pool is named by id in any case (TG11)', () => {
  const pool = aPool();
  assert.equal(targetOfPool(pool, ' PERU '), 'peru');
  assert.equal(targetOfPool(pool, 'None'), 'none');
  for (const text of ['chile:11', 'brazil', 'yes', 'no', 'a::b', '']) {
    assertRule(() => targetOfPool(pool, text), 'unknown_target');
  }
  assertRule(() => targetOfPool(pool, 'Brazil'), 'unknown_target', { target_id: 'brazil' });
});

const binary = (...labels: string[]) => plan({ type: 3, targets: labels });

test('a target of a binary pool is named by id, yes, no, or its labels (PL2, I46)', () => {
  const pool = binary();
  for (const text of ['uuid-1', 'UUID-1', 'yes', 'YES']) assert.equal(targetOfPool(pool, text), 'uuid-1');
  for (const text of ['none', 'No']) assert.equal(targetOfPool(pool, text), 'none');
  assertRule(() => targetOfPool(pool, 'maybe'), 'unknown_target', { target_id: 'maybe' });

  const labelled = binary('Over 2:1', 'Under');
  for (const text of ['over 2:1', 'yes']) assert.equal(targetOfPool(labelled, text), 'uuid-1');
  for (const text of ['UNDER', 'no']) assert.equal(targetOfPool(labelled, text), 'none');
  assert.equal(targetOfPool(binary('a::b', ':c'), 'A::B'), 'uuid-1');
  assertRule(() => targetOfPool(binary('a::b', 'c'), 'x::y'), 'unknown_target', { target_id: 'x::y' });
});

test('labels win over yes and no', () => {
  const turned = binary('No', 'Yes');
  assert.equal(targetOfPool(turned, 'no'), 'uuid-1');
  assert.equal(targetOfPool(turned, 'yes'), 'none');
});

test('predictions-47: bets are taken while unresolved, unblocked and in time; the moment counts, not the timer (PL5)', () => {
  const pool = aPool({ stopAcceptingBetsAt: 400, finishAt: 500 });
  assert.equal(poolRefusal(pool, 399), null);
  assert.equal(poolRefusal(pool, 400), 'pool_closed');
  assert.equal(poolRefusal({ ...pool, stopAcceptingBetsAt: null }, 499), null);
  assert.equal(poolRefusal({ ...pool, stopAcceptingBetsAt: null }, 500), 'pool_closed');
  assert.equal(poolRefusal({ ...pool, isBlocked: true }, 1), 'pool_blocked');
  assert.equal(poolRefusal({ ...pool, isBlocked: true }, 400), 'pool_closed');
  for (const state of ['resolved', 'expired', 'voided'] as const)
    assert.equal(poolRefusal(aPool({ state }), 1), 'pool_closed');
  assert.equal(poolRefusal(aPool(), Number.MAX_SAFE_INTEGER), null);
});

test('allowing does not reopen a pool past its time (PL9)', () => {
  const pool = aPool({ isBlocked: true, pendingAllowAt: 10, stopAcceptingBetsAt: 20 });
  assert.deepEqual(
    [9, 10, 19, 20].map((now) => poolRefusal(pool, now)),
    ['pool_blocked', null, null, 'pool_closed'],
  );
});

test('predictions-48: a due block counts before its timer ran; at one instant allow follows block (PL7, SC3)', () => {
  const at = (changes: Parameters<typeof aPool>[0], now: number) => isBlockedAt(aPool(changes), now);
  assert.equal(at({ pendingBlockAt: 5000 }, 4999), false);
  assert.equal(at({ pendingBlockAt: 5000 }, 5000), true);
  assert.equal(at({ isBlocked: true, pendingAllowAt: 5000 }, 4999), true);
  assert.equal(at({ isBlocked: true, pendingAllowAt: 5000 }, 5000), false);
  assert.equal(at({ pendingBlockAt: 10, pendingAllowAt: 20 }, 15), true);
  assert.equal(at({ pendingBlockAt: 10, pendingAllowAt: 20 }, 20), false);
  assert.equal(at({ pendingBlockAt: 20, pendingAllowAt: 10 }, 20), true);
  assert.equal(at({ pendingBlockAt: 20, pendingAllowAt: 20 }, 20), false);
  assert.equal(at({}, 1), false);
  assert.equal(at({ isBlocked: true }, 1), true);
});

test('a decided pool never changes again (PL13)', () => {
  assert.doesNotThrow(() => assertUnresolved(aPool()));
  for (const state of ['resolved', 'expired', 'voided'] as const) {
    assertRule(() => assertUnresolved(aPool({ state })), 'pool_closed', { pool_id: 'pool-1' });
  }
});

test('predictions-49: an action stands for all its unresolved pools, later ones are not touched (PL8)', () => {
  const goal = aPool({ poolId: 'goal' });
  const pools = [goal, aPool({ poolId: 'card', actionId: 'card' }), aPool({ poolId: 'old', state: 'resolved' })];
  assert.deepEqual(poolsOfAction(pools, 'goal'), [goal]);
  assert.deepEqual(poolsOfAction(pools, 'shot'), []);
  assert.equal(poolRefusal(aPool({ ...plan(), poolId: 'new' }), 1), null);
});

test('3961 finds the pools of the action with a target on the path, else 6610 (PL10)', () => {
  const target = (id: string) => ({ targetId: id, displayName: id });
  const teams = aPool({ poolId: 'teams' });
  const players = aPool({ poolId: 'players', targets: [target('chile:11'), target('none')] });
  const others = aPool({ poolId: 'others', targets: [target('peru:4'), target('none')] });
  const done = aPool({ poolId: 'done', state: 'resolved' });
  const pools = [teams, players, others, done];
  assert.deepEqual(poolsOnPath(pools, 'goal', 'chile:11'), [teams, players]);
  assert.deepEqual(poolsOnPath(pools, 'goal', 'chile'), [teams]);
  assert.deepEqual(poolsOnPath(pools, 'goal', 'none'), [teams, players, others]);
  assertRule(() => poolsOnPath(pools, 'goal', 'brazil'), 'unknown_pool');
  assertRule(() => poolsOnPath(pools, 'foul', 'chile'), 'unknown_pool');
});

test('only an event or expiry in a game that goes on recreates a pool that asked for it (PL11)', () => {
  const pool = { recreateOnEnd: true };
  assert.equal(isRecreated(pool, 'event', 'opened'), true);
  assert.equal(isRecreated(pool, 'expiry', 'opened'), true);
  assert.equal(isRecreated(pool, 'expiry', 'created'), true);
  for (const end of ['close', 'void'] as const) assert.equal(isRecreated(pool, end, 'opened'), false);
  for (const state of ['closing', 'closed'] as const) assert.equal(isRecreated(pool, 'event', state), false);
  assert.equal(isRecreated({ recreateOnEnd: false }, 'event', 'opened'), false);
});

test('predictions-53: a timed pool starts again with the same durations, unblocked and not hot (PL11)', () => {
  const ended = aPool({
    type: 2,
    finishAt: 300_000,
    stopAcceptingBetsAt: 240_000,
    recreateOnEnd: true,
    state: 'expired',
    isBlocked: true,
    blockedAt: 5,
    allowedAt: 4,
    pendingBlockAt: 6,
    pendingAllowAt: 7,
    isHot: true,
  });
  const {
    poolId: _,
    logSeq: __,
    ...fresh
  } = aPool({
    type: 2,
    recreateOnEnd: true,
    startAt: 300_000,
    finishAt: 600_000,
    stopAcceptingBetsAt: 540_000,
    recreatedFrom: 'pool-1',
  });
  assert.deepEqual(recreatePool(ended, 300_000), fresh);
});

test('predictions-41: recreating keeps the question and every duration, again and again (PL11)', () => {
  const time = fc.integer({ min: 1, max: 10 ** 9 });
  fc.assert(
    fc.property(
      time,
      fc.option(time),
      fc.option(time),
      fc.array(time, { maxLength: 5 }),
      (startAt, stop, finish, gaps) => {
        const first = aPool({
          startAt,
          stopAcceptingBetsAt: stop === null ? null : startAt + stop,
          finishAt: finish === null ? null : startAt + finish,
          recreateOnEnd: true,
        });
        let pool = first;
        for (const [round, gap] of gaps.entries()) {
          const resolvedAt = pool.startAt + gap;
          const next = {
            ...recreatePool({ ...pool, state: 'resolved' }, resolvedAt),
            poolId: `p${round}`,
            logSeq: round,
          };
          assert.equal(next.startAt, resolvedAt);
          assert.equal(next.state, 'open');
          assert.equal(next.recreatedFrom, pool.poolId);
          assert.deepEqual([next.targets, next.actionId, next.type], [first.targets, first.actionId, first.type]);
          assert.equal(next.stopAcceptingBetsAt, stop === null ? null : resolvedAt + stop);
          assert.equal(next.finishAt, finish === null ? null : resolvedAt + finish);
          pool = next;
        }
      },
    ),
  );
});

test("a pool stands in the user's list that 6.2 says", () => {
  const bets = { none: [false, false], late: [true, false], valid: [true, true] } as const;
  const list = (state: PoolState, [hasBet, hasValidBet]: readonly [boolean, boolean]) =>
    listOf({ state }, { hasBet, hasValidBet });
  assert.deepEqual(
    Object.values(bets).map((mine) => list('open', mine)),
    ['open', 'open', 'running'],
  );
  for (const state of ['resolved', 'expired', 'voided'] as const) {
    assert.deepEqual(
      Object.values(bets).map((mine) => list(state, mine)),
      [null, 'closed', 'closed'],
    );
  }
});
