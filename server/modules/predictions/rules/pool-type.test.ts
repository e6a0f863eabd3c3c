import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBinary, isTimed, readPoolType } from './pool-type.ts';
import { assertRule } from './testing.ts';
import type { PoolType } from './types.ts';

const TYPES: readonly PoolType[] = [1, 2, 3, 4];

test('types 3 and 4 are binary, 2 and 4 timed (1.3)', () => {
  assert.deepEqual(TYPES.map(isBinary), [false, false, true, true]);
  assert.deepEqual(TYPES.map(isTimed), [false, true, false, true]);
});

test('a pool type is 1 to 4, also as text, 1 when unset', () => {
  assert.deepEqual(['1', 2, '3', 4].map(readPoolType), [1, 2, 3, 4]);
  assert.deepEqual([undefined, null, ''].map(readPoolType), [1, 1, 1]);
  for (const value of [0, 5, 1.5, 'binary'])
    assertRule(() => readPoolType(value), 'invalid_parameter', { name: 'type' });
});
