import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnectionLost, sqlState } from './pool.ts';

function failing(code: string): Error {
  return Object.assign(new Error('no more'), { code });
}

test('EPIPE is a lost connection, though it has the form of a code of PostgreSQL: a busy machine met it where others meet ECONNRESET', () => {
  assert.equal(sqlState(failing('EPIPE')), undefined);
  assert.equal(isConnectionLost(failing('EPIPE')), true);
});

test('a refused statement is no lost connection, a server that goes away is', () => {
  for (const code of ['23505', '40P01', 'XX000']) {
    assert.equal(sqlState(failing(code)), code);
    assert.equal(isConnectionLost(failing(code)), false);
  }
  for (const code of ['08006', '57P01', 'ECONNRESET']) assert.equal(isConnectionLost(failing(code)), true);
});
