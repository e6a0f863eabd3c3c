import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnectionLost } from './pool.ts';

function failure(code: string | undefined, message = 'failed'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

test('an outage is told from a refused statement', () => {
  // Lost, killed, starting, too many connections, disk full, not reachable.
  const outages = ['08006', '57P01', '57P02', '57P03', '53300', '53100', 'ECONNRESET', 'ENOENT'];
  for (const code of outages) assert.ok(isConnectionLost(failure(code)), code);
  assert.ok(isConnectionLost(failure(undefined, 'Connection terminated unexpectedly')));
  // Unique violation, deadlock, statement cancelled, and what is no error of a database.
  for (const code of ['23505', '40P01', '57014', undefined]) assert.ok(!isConnectionLost(failure(code)), code);
  assert.ok(!isConnectionLost('08006'));
});
