import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyMessage, GameDetails, Pool, ResponseCode } from '@greenroom/client';
import { applyBalance, applyMessage, applyRoles, EMPTY_GAME, fromSnapshot, type GameState } from './gameState.ts';

const ME = 'user-me';
const GAME = 'game-1';

function message(res: ResponseCode, body: object, seq?: number): AnyMessage {
  return { res, response_header: { t: 1_000, seq }, ...body } as AnyMessage;
}

function pool(id: string, startAt = 1): Pool {
  const distribution = ['chile', 'peru', 'none'].map((target_id) => ({
    target_id,
    display_name: target_id[0]!.toUpperCase() + target_id.slice(1),
    backing_people: 0,
    backing_money: 0,
    to_win_if_backed: 1,
  }));
  return {
    pool_id: id,
    game_id: GAME,
    description: `Pool ${id}`,
    name: `Pool ${id}`,
    type: 1,
    pool_type: 1,
    action_id: 'goal',
    target_level: 1,
    participants: 0,
    people_involved: 0,
    amount_total: 0,
    money_at_stake: 0,
    is_blocked: false,
    is_hot: false,
    distribution,
    start_at: startAt,
    live_start_at: null,
    finish_at: null,
    stop_accepting_bets_at: null,
  };
}

const DETAILS = {
  game_id: GAME,
  name: 'Chile - Peru',
  status: 'game_in_progress_betting_active',
  game_state: [],
  past_events: [{ event_id: 'e1', action_id: 'goal', target_id: 'chile:11', happened_at: 10 }],
} as unknown as GameDetails;

function play(...messages: AnyMessage[]): GameState {
  return messages.reduce((state, next) => applyMessage(state, next, ME), EMPTY_GAME);
}

const STARTED = [message(342, DETAILS), message(3535, { game_id: GAME, pools_list: [pool('b', 2), pool('a', 1)] })];
const RESULT = {
  pool_id: 'a',
  game_id: GAME,
  description: 'Pool a',
  winning_target: 'chile',
  winners: { [ME]: 11.5 },
  losers: { other: 11.5 },
  invalidated_bettors: [],
  is_money_return: false,
  resolved_at: 50,
};

test('pools are ordered by start, then id', () => {
  assert.deepEqual([...play(...STARTED).pools.keys()], ['a', 'b']);
});

test('BT4, BT6: own bets on a target add up, a repeated answer counts once', () => {
  const bet = (id: string, amount: number) => message(356, { pool_id: 'a', bet_id: id, target: 'chile', amount });
  const state = play(...STARTED, bet('1', 0.1), bet('2', 0.2), bet('2', 0.2));
  assert.deepEqual(state.backing.get('a'), { chile: 0.3 });
});

test('361 replaces the distribution and its totals', () => {
  const distribution = pool('a').distribution.map((entry) => ({ ...entry, backing_money: 5 }));
  const state = play(...STARTED, message(361, { pool_id: 'a', distribution, new_bets: [], target_level: 1 }));
  assert.equal(state.pools.get('a')?.amount_total, 15);
});

test('362: a pool with my money moves to the decided ones, with net and answer; a repeat changes nothing (RS8)', () => {
  const bet = message(356, { pool_id: 'a', bet_id: '1', target: 'chile', amount: 4 });
  const once = play(...STARTED, bet, message(362, RESULT));
  assert.equal(once.pools.has('a'), false);
  assert.equal(once.decided[0]?.total_winnings, 11.5);
  assert.deepEqual(once.feed[0], {
    kind: 'result',
    key: 'a',
    at: 50,
    action_id: 'goal',
    description: 'Pool a',
    answer: 'Chile',
  });
  assert.equal(applyMessage(once, message(362, RESULT), ME), once);
});

test('362: a pool without my money only leaves a line in the feed', () => {
  const state = play(...STARTED, message(362, RESULT));
  assert.equal(state.decided.length, 0);
  assert.equal(state.feed.length, 2);
});

test('366: counts, feed and past events; a duplicate changes nothing', () => {
  const event = {
    game_id: GAME,
    event_id: 'e2',
    action_id: 'goal',
    target_id: 'peru:4',
    current_count: { chile: '1', peru: '1' },
    happened_at: 20,
  };
  const state = play(...STARTED, message(366, event), message(366, { ...event, duplicate: true }));
  assert.deepEqual(state.game?.game_state, [{ action_id: 'goal', chile: '1', peru: '1' }]);
  assert.deepEqual(
    state.feed.map((item) => item.key),
    ['e2', 'e1'],
  );
});

test('367-369 change flags, scheduled ones do not (PL7)', () => {
  const blocked = play(...STARTED, message(368, { pool_id: 'a', blocked_at: 9, scheduled: true }));
  assert.equal(blocked.pools.get('a')?.is_blocked, false);
  const now = play(
    ...STARTED,
    message(368, { pool_id: 'a', blocked_at: 9 }),
    message(367, { pool_id: 'b', hot_since: 1 }),
  );
  assert.equal(now.pools.get('a')?.is_blocked, true);
  assert.equal(now.pools.get('b')?.is_hot, true);
});

test('354 names the running pools and forgets backing of others', () => {
  const bet = message(356, { pool_id: 'b', bet_id: '1', target: 'chile', amount: 4 });
  const running = message(354, { game_id: GAME, pools_list: [{ ...pool('a'), user_backed: { peru: 2 } }] });
  const state = play(...STARTED, bet, running);
  assert.deepEqual([...state.backing], [['a', { peru: 2 }]]);
  assert.equal(state.pools.size, 2);
});

test('341 closes the game', () => {
  const state = play(...STARTED, message(341, { game_id: GAME }));
  assert.equal(state.game?.status, 'game_closed');
  assert.equal(state.pools.size, 0);
});

test('a guest sees the same from a snapshot', () => {
  const state = fromSnapshot(DETAILS, [pool('a')]);
  assert.equal(state.feed[0]?.key, 'e1');
  assert.equal(state.pools.size, 1);
});

test('815 replaces the balance, 800 and 810 fill it', () => {
  const first = applyBalance({}, message(800, { currency: 'DON', current_balance: 1000 }));
  const second = applyBalance(first, message(810, { currency: 'DON', available_balance: 900 }));
  assert.deepEqual(second, { currency: 'DON', current_balance: 1000, available_balance: 900 });
  const update = { currency: 'DON', current_balance: 1000, available_balance: 880 };
  assert.deepEqual(applyBalance(second, message(815, update)), update);
});

test('roles grow with 335 and 640', () => {
  const roles = { developer: true, sources: ['s1'], games: [] };
  const opened = applyRoles(roles, message(335, { source_id: 's2' }));
  assert.deepEqual(applyRoles(opened, message(640, { game_id: GAME })), {
    developer: true,
    sources: ['s1', 's2'],
    games: [GAME],
  });
});
