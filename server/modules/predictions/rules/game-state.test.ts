import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countEvents, currentCount, gameStateRows, isCounted } from './game-state.ts';

const event = (actionId: string, targetId: string) => ({ actionId, targetId });

test('predictions-20: past goals of a former leaf and of its child count together (TG8, GM6)', () => {
  const counts = countEvents([event('goal', 'chile'), event('goal', 'chile:9')]);
  assert.deepEqual(currentCount(counts, 'goal'), { chile: '2' });
});

test('events count by action and level-1 target (GM6)', () => {
  const counts = countEvents([
    event('goal', 'chile:11'),
    event('foul', 'chile:11'),
    event('goal', 'peru:4:left'),
    event('goal', 'chile:7'),
  ]);
  assert.deepEqual(counts, [
    { actionId: 'goal', targetId: 'chile', count: 2 },
    { actionId: 'foul', targetId: 'chile', count: 1 },
    { actionId: 'goal', targetId: 'peru', count: 1 },
  ]);
  assert.deepEqual(currentCount(counts, 'goal'), { chile: '2', peru: '1' });
  assert.deepEqual(currentCount(counts, 'shot'), {});
  assert.deepEqual(countEvents([]), []);
});

test('events on none and on synthetic actions are not counted (GM6)', () => {
  assert.equal(isCounted({ targetId: 'chile', isSynthetic: false }), true);
  assert.equal(isCounted({ targetId: 'none', isSynthetic: false }), false);
  assert.equal(isCounted({ targetId: 'chile', isSynthetic: true }), false);
});

const rowsOf = (type: string, ...actions: string[]) =>
  gameStateRows(countEvents(actions.map((action) => event(action, 'chile'))), type).map((row) => row.action_id);

test('rows of football follow its priority, others and the rest the alphabet (GM6)', () => {
  const actions = ['shot', 'foul', 'zebra', 'goal', 'corner-kick', 'red-card', 'attack', 'offside', 'yellow-card'];
  const football = ['goal', 'red-card', 'yellow-card', 'corner-kick', 'offside', 'foul', 'shot', 'attack', 'zebra'];
  assert.deepEqual(rowsOf('football', ...actions), football);
  assert.deepEqual(rowsOf('Football', ...actions.toReversed()), football);
  assert.deepEqual(rowsOf('tennis', ...actions), actions.toSorted());
  assert.deepEqual(rowsOf('constructor', 'b', 'a'), ['a', 'b']);
});

test('a row holds its action and the counts as strings (WC10)', () => {
  const counts = countEvents([event('goal', 'chile:11'), event('goal', 'peru:4')]);
  assert.deepEqual(gameStateRows(counts, 'football'), [{ action_id: 'goal', chile: '1', peru: '1' }]);
  assert.deepEqual(gameStateRows([], 'football'), []);
});

test('a target with an odd name is a plain key', () => {
  const row = gameStateRows(countEvents([event('goal', '__proto__')]), 'football')[0];
  assert.equal(JSON.stringify(row), '{"action_id":"goal","__proto__":"1"}');
});
