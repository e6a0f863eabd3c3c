import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlockMarks, planHot, planSwitch } from './block.ts';
import { aPool, assertRule } from './testing.ts';

const marks = (changes: Partial<BlockMarks> = {}): BlockMarks => ({
  isBlocked: false,
  blockedAt: null,
  allowedAt: null,
  pendingBlockAt: null,
  pendingAllowAt: null,
  ...changes,
});

test('blocking and allowing now changes the pool and is told (PL6); past and present times are now (PL7)', () => {
  for (const askedAt of [null, 5, 1000]) {
    assert.deepEqual(planSwitch(aPool({ allowedAt: 3 }), 'block', askedAt, 1000), {
      marks: marks({ isBlocked: true, blockedAt: 1000, allowedAt: 3 }),
      at: 1000,
      isScheduled: false,
      isBroadcast: true,
    });
    assert.deepEqual(planSwitch(aPool({ isBlocked: true, blockedAt: 7 }), 'allow', askedAt, 1000), {
      marks: marks({ blockedAt: 7, allowedAt: 1000 }),
      at: 1000,
      isScheduled: false,
      isBroadcast: true,
    });
  }
});

test('what is so already keeps its original time and is told nobody else (PL6)', () => {
  const blocked = planSwitch(aPool({ isBlocked: true, blockedAt: 7, allowedAt: 3 }), 'block', null, 1000);
  assert.deepEqual(blocked, {
    marks: marks({ isBlocked: true, blockedAt: 7, allowedAt: 3 }),
    at: 7,
    isScheduled: false,
    isBroadcast: false,
  });
  const allowed = planSwitch(aPool({ blockedAt: 3, allowedAt: 9 }), 'allow', null, 1000);
  assert.deepEqual([allowed.at, allowed.isBroadcast, allowed.marks.allowedAt], [9, false, 9]);
  assert.equal(planSwitch(aPool({ startAt: 4 }), 'allow', null, 1000).at, 4);
});

test('predictions-48: a block to come is only remembered, and told to the caller (PL7)', () => {
  assert.deepEqual(planSwitch(aPool({ pendingBlockAt: 2000, pendingAllowAt: 3000 }), 'block', 5000, 1000), {
    marks: marks({ pendingBlockAt: 5000, pendingAllowAt: 3000 }),
    at: 5000,
    isScheduled: true,
    isBroadcast: false,
  });
  assert.deepEqual(planSwitch(aPool({ isBlocked: true, blockedAt: 1, pendingBlockAt: 2000 }), 'allow', 1001, 1000), {
    marks: marks({ isBlocked: true, blockedAt: 1, pendingBlockAt: 2000, pendingAllowAt: 1001 }),
    at: 1001,
    isScheduled: true,
    isBroadcast: false,
  });
});

test('an immediate switch cancels the pending one of its kind only, also when it changes nothing (PL7)', () => {
  const pending = { pendingBlockAt: 2000, pendingAllowAt: 3000 };
  const at = (isBlocked: boolean, kind: 'block' | 'allow') => {
    const { pendingBlockAt, pendingAllowAt } = planSwitch(aPool({ ...pending, isBlocked }), kind, null, 1000).marks;
    return [pendingBlockAt, pendingAllowAt];
  };
  for (const isBlocked of [false, true]) {
    assert.deepEqual(at(isBlocked, 'block'), [null, 3000]);
    assert.deepEqual(at(isBlocked, 'allow'), [2000, null]);
  }
});

test('the timer of a pending block carries it out', () => {
  const due = planSwitch(aPool({ pendingBlockAt: 5000 }), 'block', 5000, 5000);
  assert.deepEqual([due.marks, due.isBroadcast], [marks({ isBlocked: true, blockedAt: 5000 }), true]);
});

test('a pool is hot at once, or when it is likely to happen; hot false ends it (PL10)', () => {
  assert.deepEqual(planHot(aPool(), true, null, 1000), { isHot: true, at: 1000, isScheduled: false });
  assert.deepEqual(planHot(aPool(), true, 999, 1000), { isHot: true, at: 1000, isScheduled: false });
  assert.deepEqual(planHot(aPool(), true, 1000, 1000), { isHot: true, at: 1000, isScheduled: false });
  assert.deepEqual(planHot(aPool(), true, 1001, 1000), { isHot: true, at: 1001, isScheduled: true });
  assert.deepEqual(planHot(aPool({ isHot: true }), false, null, 1000), { isHot: false, at: 1000, isScheduled: false });
});

test('a resolved pool is neither blocked, allowed nor marked hot (PL13)', () => {
  const pool = aPool({ state: 'resolved' });
  for (const askedAt of [null, 5000]) {
    assertRule(() => planSwitch(pool, 'block', askedAt, 1000), 'pool_closed');
    assertRule(() => planSwitch(pool, 'allow', askedAt, 1000), 'pool_closed');
    assertRule(() => planHot(pool, true, askedAt, 1000), 'pool_closed');
  }
});
