import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, localTime, targetTree } from './lines.ts';

test('one entry a line, trimmed, each once', () => {
  assert.deepEqual(linesOf(' Goal \n\nYellow card\nGoal'), ['Goal', 'Yellow card']);
});

test('predictions TG3, TG4: parents are made, repeats merge', () => {
  assert.deepEqual(targetTree(['Chile:11', 'Peru:4', 'chile:7']), [
    {
      name: 'Chile',
      children: [
        { name: '11', children: [] },
        { name: '7', children: [] },
      ],
    },
    { name: 'Peru', children: [{ name: '4', children: [] }] },
  ]);
});

test('an empty time is unset', () => {
  assert.equal(localTime(''), null);
  assert.equal(localTime('nonsense'), null);
  assert.equal(localTime('2026-06-01T12:00'), new Date(2026, 5, 1, 12).getTime());
});
