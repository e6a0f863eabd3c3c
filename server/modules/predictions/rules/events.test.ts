import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertBinaryResolution,
  comparePools,
  duplicateKey,
  type EventIdentity,
  expiryDueAt,
  type GameEvent,
  planHappenedAt,
  poolsDecidedBy,
} from './events.ts';
import { settlePool } from './payout.ts';
import { aPool, assertRule, betsOf } from './testing.ts';
import type { Pool } from './types.ts';

const event = (changes: Partial<GameEvent> = {}): GameEvent => ({
  actionId: 'goal',
  targetId: 'chile:11',
  happenedAt: 1000,
  registeredAt: 1000,
  logSeq: 10,
  ...changes,
});

const target = (targetId: string) => ({ targetId, displayName: targetId });
const poolOn = (poolId: string, ...targets: string[]) =>
  aPool({ poolId, targets: [...targets, 'none'].map(target), targetLevel: targets[0]?.split(':').length ?? 1 });

const decided = (changes: Partial<GameEvent>, pools: readonly Pool[], graceMs = 0) =>
  poolsDecidedBy(event(changes), pools, graceMs).map(({ pool, winningTarget }) => [pool.poolId, winningTarget]);
const isDecided = (changes: Partial<GameEvent>, pool: Partial<Pool>, graceMs = 0) =>
  decided(changes, [aPool(pool)], graceMs).length === 1;

test('an event happened at receipt unless told; a little ahead is now, further ahead refused (EV1)', () => {
  assert.equal(planHappenedAt(null, 1000, 50), 1000);
  assert.equal(planHappenedAt(999, 1000, 50), 999);
  assert.equal(planHappenedAt(0, 1000, 50), 0);
  assert.equal(planHappenedAt(1050, 1000, 50), 1000);
  assertRule(() => planHappenedAt(1051, 1000, 50), 'event_time_invalid');
});

test('predictions-17: an event decides the pools with its target or an ancestor of it, others stay (EV3, EV4)', () => {
  const pools = [poolOn('1', 'chile', 'peru'), poolOn('2', 'chile:11', 'chile:7'), poolOn('3', 'peru:4')];
  assert.deepEqual(decided({}, pools), [
    ['1', 'chile'],
    ['2', 'chile:11'],
  ]);
});

test('an event on none decides every candidate of its action for none, blocked ones too (EV5, EV6)', () => {
  const pools = [
    poolOn('1', 'chile'),
    { ...poolOn('2', 'peru:4'), isBlocked: true },
    aPool({ poolId: '3', actionId: 'foul' }),
  ];
  assert.deepEqual(decided({ targetId: 'none' }, pools), [
    ['1', 'none'],
    ['2', 'none'],
  ]);
});

test('predictions-38: a pool opened at 500 is no candidate of a goal at 499 (EV2)', () => {
  assert.equal(isDecided({ happenedAt: 499, registeredAt: 600 }, { startAt: 500 }), false);
  assert.equal(isDecided({ happenedAt: 500, registeredAt: 600 }, { startAt: 500 }), true);
});

test('candidates are unresolved, of the same action, created before the event was registered (EV2, RS5)', () => {
  assert.equal(isDecided({}, { logSeq: 9 }), true);
  assert.equal(isDecided({}, { logSeq: 10 }), false);
  assert.equal(isDecided({}, { logSeq: 11 }), false);
  assert.equal(isDecided({}, { actionId: 'foul' }), false);
});

test('predictions-39: a resolved pool stays as it is, whenever the event happened (EV9, PL13)', () => {
  for (const state of ['resolved', 'expired', 'voided'] as const) assert.equal(isDecided({}, { state }), false);
});

test('predictions-51 predictions-52: an event in time decides a timed pool until its expiry is due (EV9, SC2, SC3)', () => {
  const finishAt = 65 * 60_000;
  const late = { happenedAt: finishAt - 1, registeredAt: finishAt + 500 };
  const pool = { type: 2 as const, finishAt };
  assert.equal(isDecided(late, pool, 0), false);
  assert.equal(isDecided(late, pool, 10_000), true);
  assert.equal(isDecided({ ...late, registeredAt: finishAt }, pool, 0), true);
  assert.equal(isDecided({ ...late, registeredAt: finishAt + 1 }, pool, 0), false);
  assert.equal(isDecided({ ...late, happenedAt: finishAt }, pool, 10_000), true);
  assert.equal(isDecided({ ...late, happenedAt: finishAt + 1 }, pool, 10_000), false);
});

test('a timed pool expires at its finish and grace, others never (PL12)', () => {
  assert.equal(expiryDueAt({ finishAt: 300 }, 20), 320);
  assert.equal(expiryDueAt({ finishAt: null }, 20), null);
});

test('pools are settled by start, then id (EV8)', () => {
  const at = (poolId: string, startAt: number) => aPool({ poolId, startAt });
  const order = decided({}, [at('b', 5), at('c', 1), at('a', 5), at('d', 0)]).map(([poolId]) => poolId);
  assert.deepEqual(order, ['d', 'c', 'a', 'b']);
  assert.equal(comparePools(at('a', 1), at('a', 1)), 0);
  assert.equal(comparePools(at('b', 1), at('a', 1)), 1);
  assert.equal(comparePools(at('a', 1), at('b', 1)), -1);
});

test('a binary pool is resolved by hand while open, not before its start nor after its finish (EV11)', () => {
  const pool = aPool({ type: 4, startAt: 100, finishAt: 200, isBlocked: true });
  for (const happenedAt of [100, 150, 200]) assert.doesNotThrow(() => assertBinaryResolution(pool, happenedAt));
  assertRule(() => assertBinaryResolution(pool, 99), 'event_time_invalid');
  assertRule(() => assertBinaryResolution(pool, 201), 'pool_closed', { pool_id: 'pool-1' });
  assert.doesNotThrow(() => assertBinaryResolution({ ...pool, type: 3, finishAt: null }, 10 ** 12));
  assertRule(() => assertBinaryResolution({ ...pool, state: 'expired' }, 150), 'pool_closed');
  assertRule(() => assertBinaryResolution(aPool({ type: 1 }), 150), 'unknown_action', { action_id: 'goal' });
});

const identity = (changes: Partial<EventIdentity> = {}): EventIdentity => ({
  eventId: null,
  feedItem: null,
  actionId: 'goal',
  targetId: 'chile:11',
  explicitHappenedAt: 1700000300000,
  ...changes,
});

test('predictions-40: the same fact at the same explicit time is a duplicate, any other is not (EV12)', () => {
  const key = duplicateKey(identity());
  assert.equal(typeof key, 'string');
  assert.equal(duplicateKey(identity()), key);
  for (const changes of [{ actionId: 'foul' }, { targetId: 'chile:7' }, { explicitHappenedAt: 1700000300001 }]) {
    assert.notEqual(duplicateKey(identity(changes)), key);
  }
});

test('predictions-41: events without an explicit time are never duplicates (EV12)', () => {
  assert.equal(duplicateKey(identity({ explicitHappenedAt: null })), null);
});

test('an event id or feed item id decides alone, whatever else the event says (EV12, RS1)', () => {
  const item = { source: 's', feed: 'f', itemId: '1' };
  const byId = duplicateKey(identity({ eventId: 'e1' }));
  assert.equal(duplicateKey(identity({ eventId: 'e1', targetId: 'peru:4', explicitHappenedAt: null })), byId);
  assert.notEqual(duplicateKey(identity({ eventId: 'e2' })), byId);
  const byItem = duplicateKey(identity({ feedItem: item, eventId: 'e1' }));
  assert.equal(duplicateKey(identity({ feedItem: item, actionId: 'foul', explicitHappenedAt: null })), byItem);
  for (const changes of [{ source: 'x' }, { feed: 'x' }, { itemId: 'x' }]) {
    assert.notEqual(duplicateKey(identity({ feedItem: { ...item, ...changes } })), byItem);
  }
  const kinds = [byId, byItem, duplicateKey(identity())].map((key) => JSON.parse(key ?? '[]')[0]);
  assert.deepEqual(kinds, ['event', 'feed', 'fact']);
});

test('predictions-50 predictions-54: nothing is late at an expiry (EV14)', () => {
  const bets = betsOf('A 6.00 chile 299999', 'B 3.00 none 300000');
  const { users } = settlePool(bets, { winningTarget: 'none', lateFrom: null });
  assert.deepEqual(
    users.map((user) => user.outcome),
    ['lost', 'won'],
  );
});
