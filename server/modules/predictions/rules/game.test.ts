import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleErrorName } from './errors.ts';
import {
  assertGameAllows,
  assertSourceAllows,
  type GameAct,
  gameStatus,
  hashtagOf,
  isOnActivePath,
  isOnUpcomingPath,
  planClose,
  planGameTimes,
  sourceStateAfterClose,
} from './game.ts';
import { aGame, aPool, assertRule } from './testing.ts';
import type { GameState } from './types.ts';

const STATES: readonly GameState[] = ['created', 'opened', 'closing', 'closed'];

test('the status shown follows from state and times (6.1)', () => {
  const opened = aGame({ openAt: 100, liveStartAt: 200 });
  assert.equal(gameStatus(opened, 99), 'betting_not_yet_active');
  assert.equal(gameStatus(opened, 100), 'pre_game_betting_active');
  assert.equal(gameStatus(opened, 199), 'pre_game_betting_active');
  assert.equal(gameStatus(opened, 200), 'game_in_progress_betting_active');
  assert.equal(gameStatus({ ...opened, liveStartAt: 50 }, 99), 'betting_not_yet_active');
  assert.equal(gameStatus({ ...opened, liveStartAt: 50 }, 100), 'game_in_progress_betting_active');
  assert.equal(gameStatus({ ...opened, liveStartAt: null }, 100), 'game_in_progress_betting_active');
  assert.equal(gameStatus({ ...opened, state: 'created' }, 500), 'betting_not_yet_active');
  assert.equal(gameStatus({ ...opened, state: 'closing' }, 50), 'game_in_progress_betting_closed');
  assert.equal(gameStatus({ ...opened, state: 'closed' }, 50), 'game_closed');
});

test('active paths take opened and closing games, upcoming ones unopened and pre-game ones (3.2)', () => {
  assert.deepEqual(
    STATES.map((state) => isOnActivePath({ state })),
    [false, true, true, false],
  );
  const at = (now: number) =>
    STATES.map((state) => isOnUpcomingPath(aGame({ state, openAt: 100, liveStartAt: 200 }), now));
  assert.deepEqual(at(50), [true, false, false, false]);
  assert.deepEqual(at(150), [true, true, false, false]);
  assert.deepEqual(at(250), [true, false, false, false]);
});

const asked = { openAt: null, closeAt: null, liveStartAt: null, liveFinishAt: null };

test('predictions-13: open_at in the past or absent is now, unset close_at stays null (GM2, I48)', () => {
  const expected = { openAt: 1000, closeAt: null, liveStartAt: 1000, liveFinishAt: null };
  assert.deepEqual(planGameTimes({ ...asked, openAt: 999 }, 1000), expected);
  assert.deepEqual(planGameTimes(asked, 1000), expected);
});

test('times to come are kept, live times are free, close_at must follow open_at (GM2)', () => {
  assert.deepEqual(planGameTimes({ openAt: 2000, closeAt: 2001, liveStartAt: 5, liveFinishAt: 1 }, 1000), {
    openAt: 2000,
    closeAt: 2001,
    liveStartAt: 5,
    liveFinishAt: 1,
  });
  for (const closeAt of [1, 999, 1000]) {
    assertRule(() => planGameTimes({ ...asked, closeAt }, 1000), 'invalid_parameter', { name: 'close_at' });
  }
  assertRule(() => planGameTimes({ ...asked, openAt: 2000, closeAt: 2000 }, 1000), 'invalid_parameter');
  assertRule(() => planGameTimes({ ...asked, openAt: 2000, closeAt: 1500 }, 1000), 'invalid_parameter');
  assert.equal(planGameTimes({ ...asked, openAt: 10, closeAt: 1001 }, 1000).closeAt, 1001);
});

/** What each act is refused with: created, opened before open_at, opened, closing, closed. */
const REFUSALS: Record<GameAct, readonly (RuleErrorName | null)[]> = {
  open: [null, 'invalid_parameter', 'invalid_parameter', 'invalid_parameter', 'game_closed'],
  join: [null, null, null, null, 'game_closed'],
  update: [null, null, null, null, 'game_closed'],
  create_pool: [null, 'game_not_open', null, 'game_closed', 'game_closed'],
  bet: ['game_not_open', 'game_not_open', null, 'game_closed', 'game_closed'],
  bet_pre_game: [null, null, null, 'game_closed', 'game_closed'],
  register_event: ['game_not_open', 'game_not_open', null, 'game_closed', 'game_closed'],
  resolve_binary: [null, null, null, null, 'game_closed'],
  block: [null, null, null, null, 'game_closed'],
  allow: [null, null, null, 'game_closed', 'game_closed'],
  mark_hot: [null, null, null, null, 'game_closed'],
  close: [null, null, null, null, 'game_closed'],
};

test('what a state refuses, it refuses with the right error (GM4, GM8, GM12, EV13, 6.1)', () => {
  const moments: [GameState, number][] = [
    ['created', 100],
    ['opened', 99],
    ['opened', 100],
    ['closing', 100],
    ['closed', 100],
  ];
  for (const [act, refusals] of Object.entries(REFUSALS) as [GameAct, (RuleErrorName | null)[]][]) {
    moments.forEach(([state, now], index) => {
      const call = () => assertGameAllows(act, aGame({ state, openAt: 100 }), now);
      const error = refusals[index];
      if (error === null || error === undefined) assert.doesNotThrow(call, `${act} ${state} ${now}`);
      else assertRule(call, error);
    });
  }
});

test('pools of an unopened game wait for open_at too; a closed game says so first (GM4)', () => {
  assertRule(() => assertGameAllows('create_pool', aGame({ state: 'created', openAt: 100 }), 99), 'game_not_open');
  assertRule(() => assertGameAllows('create_pool', aGame({ state: 'closed', openAt: 100 }), 99), 'game_closed');
  assertRule(() => assertGameAllows('open', aGame(), 1), 'invalid_parameter', { name: 'game_id' });
});

test('predictions-58: a closing source creates nothing, a closed one neither closes again (GM13)', () => {
  assert.doesNotThrow(() => assertSourceAllows('create', 'open'));
  assert.doesNotThrow(() => assertSourceAllows('close', 'open'));
  assert.doesNotThrow(() => assertSourceAllows('close', 'closing'));
  assertRule(() => assertSourceAllows('create', 'closing'), 'source_closed');
  assertRule(() => assertSourceAllows('create', 'closed'), 'source_closed');
  assertRule(() => assertSourceAllows('close', 'closed'), 'source_closed');
  assert.equal(sourceStateAfterClose(0), 'closed');
  assert.equal(sourceStateAfterClose(1), 'closing');
});

const mutual = aPool({ poolId: 'mutual', type: 1 });
const timed = aPool({ poolId: 'timed', type: 2, isBlocked: true });
const manual = aPool({ poolId: 'manual', type: 3 });
const blocked = aPool({ poolId: 'blocked', type: 4, isBlocked: true });

test('predictions-56: closing resolves pari-mutuel pools to none, blocks manual ones and waits for them (GM7, GM8)', () => {
  assert.deepEqual(planClose('opened', [mutual, timed, manual, blocked], false), {
    toNone: [mutual, timed],
    toBlock: [manual],
    toVoid: [],
    remaining: [manual, blocked],
    nextState: 'closing',
  });
});

test('predictions-57: resent too early it only waits again, with nothing left the game is closed (GM8)', () => {
  assert.deepEqual(planClose('closing', [blocked], false), {
    toNone: [],
    toBlock: [],
    toVoid: [],
    remaining: [blocked],
    nextState: 'closing',
  });
  const nothing = { toNone: [], toBlock: [], toVoid: [], remaining: [], nextState: 'closed' };
  assert.deepEqual(planClose('closing', [], false), nothing);
  assert.deepEqual(planClose('opened', [], false), nothing);
});

test('after a crash the repeat finishes what is left (section 7)', () => {
  const plan = planClose('closing', [mutual, manual], false);
  assert.deepEqual([plan.toNone, plan.toBlock, plan.nextState], [[mutual], [manual], 'closing']);
});

test('force voids the manual pools and closes (GM9); pari-mutuel ones still resolve to none', () => {
  for (const state of ['opened', 'closing'] as const) {
    assert.deepEqual(planClose(state, [mutual, manual, blocked], true), {
      toNone: [mutual],
      toBlock: [],
      toVoid: [manual, blocked],
      remaining: [],
      nextState: 'closed',
    });
  }
});

test('a game never opened voids all its pools; a closed one cannot close again (GM11, GM12)', () => {
  assert.deepEqual(planClose('created', [mutual, manual], false), {
    toNone: [],
    toBlock: [],
    toVoid: [mutual, manual],
    remaining: [],
    nextState: 'closed',
  });
  assertRule(() => planClose('closed', [], false), 'game_closed');
});

test('past close_at a game is as its timer will leave it, although that did not run yet (GM10, GM11)', () => {
  const opened = aGame({ state: 'opened', closeAt: 100 });
  for (const act of ['bet', 'create_pool', 'register_event', 'allow'] as const) {
    assertGameAllows(act, opened, 100);
    assertRule(() => assertGameAllows(act, opened, 101), 'game_closed');
  }
  for (const act of ['resolve_binary', 'close', 'update'] as const) assertGameAllows(act, opened, 101);
  const created = aGame({ state: 'created', closeAt: 100 });
  assertGameAllows('open', created, 100);
  assertRule(() => assertGameAllows('open', created, 101), 'game_closed');
});

test('the default hashtag takes three letters of each word (GM5)', () => {
  const tags: [string, string][] = [
    ['Chile - Peru', '#ChiPer'],
    ['chile vs. PERU 2026', '#ChiVsPer202'],
    ["  côte d'ivoire ", '#CôtDIvo'],
    ['e\u0301toile', '#Éto'],
    ['अर्जेंटीना', '#अर्'],
    ['!!!', '#'],
  ];
  for (const [name, tag] of tags) assert.equal(hashtagOf(name), tag);
});
