import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionIdOf, actionShapes, addActions, findAction } from './actions.ts';
import { assertRule } from './testing.ts';

test('actions are slugged, merged, and keep their first spelling and order (TG1, TG4, TG8)', () => {
  const first = addActions([], ['Goal', ' Yellow  Card ', 'GOAL']);
  assert.deepEqual(first, [
    { actionId: 'goal', name: 'Goal' },
    { actionId: 'yellow-card', name: 'Yellow  Card' },
  ]);
  assert.deepEqual(addActions(first, ['foul', 'yellow card']), [...first, { actionId: 'foul', name: 'foul' }]);
  assert.deepEqual(addActions(first, []), first);
});

test('an action needs a slug of at most 256 characters (TG6)', () => {
  assert.equal(actionIdOf('x'.repeat(256)).length, 256);
  assertRule(() => actionIdOf('x'.repeat(257)), 'invalid_parameter', { name: 'actions' });
  assertRule(() => addActions([], [' ']), 'invalid_parameter', { name: 'actions' });
  assertRule(() => actionIdOf('', 'action_id'), 'invalid_parameter', { name: 'action_id' });
});

test('a game holds 500 actions (TG6)', () => {
  const full = addActions(
    [],
    Array.from({ length: 500 }, (_, index) => `a${index}`),
  );
  assert.equal(full.length, 500);
  assert.equal(addActions(full, ['A0']).length, 500);
  assertRule(() => addActions(full, ['one more']), 'invalid_parameter', { name: 'actions' });
});

test('an action is found as typed, an unknown one is 6612 (TG11)', () => {
  const actions = addActions([], ['Goal', 'Yellow Card']);
  assert.deepEqual(findAction(actions, ' YELLOW card'), { actionId: 'yellow-card', name: 'Yellow Card' });
  assertRule(() => findAction(actions, 'Red Card'), 'unknown_action', { action_id: 'red-card' });
  assertRule(() => findAction(actions, ' '), 'invalid_parameter', { name: 'action_id' });
});

test('actions leave as action_id and name (4.3)', () => {
  assert.deepEqual(actionShapes(addActions([], ['Goal'])), [{ action_id: 'goal', name: 'Goal' }]);
});
