import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '../errors.ts';
import { Passwords, passwordFaults } from './passwords.ts';

const CHEAP = { memoryKiB: 64, passes: 1, lanes: 1 };

test('PF-11: hashes are argon2id with at least 19 MiB, 2 passes, 1 lane', async () => {
  const hash = await new Passwords().inTurn((hasher) => hasher.hash('correct horse'));
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.deepEqual(await new Passwords().inTurn((hasher) => hasher.verify(hash, 'correct horse')), {
    right: true,
    stale: false,
  });
});

test('PF-11: a hash weaker than today is told to be stale, and only to who knows the password', async () => {
  const weak = await new Passwords({ parameters: CHEAP }).inTurn((hasher) => hasher.hash('correct horse'));
  const today = new Passwords({ parameters: { ...CHEAP, passes: 2 } });
  assert.deepEqual(await today.inTurn((hasher) => hasher.verify(weak, 'correct horse')), { right: true, stale: true });
  assert.deepEqual(await today.inTurn((hasher) => hasher.verify(weak, 'wrong horse')), { right: false, stale: false });
});

test('PF-11: without an account a hash of the same cost is compared, and nothing matches', async () => {
  const passwords = new Passwords({ parameters: CHEAP });
  assert.deepEqual(await passwords.inTurn((hasher) => hasher.verify(null, '')), { right: false, stale: false });
});

test('PF-11: a password in another Unicode form is the same password', async () => {
  const passwords = new Passwords({ parameters: CHEAP });
  const hash = await passwords.inTurn((hasher) => hasher.hash('gr\u00fcn und blau'));
  assert.equal((await passwords.inTurn((hasher) => hasher.verify(hash, 'gru\u0308n und blau'))).right, true);
});

test('PF-11: at most N hashes at once, the others in turn, too many sent away', async () => {
  const passwords = new Passwords({ parameters: CHEAP, hashesAtOnce: 2, waitingAtMost: 3 });
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (number: number) =>
    passwords.inTurn(async (hasher) => {
      most = Math.max(most, ++running);
      order.push(number);
      await gate.promise;
      await hasher.hash('correct horse');
      running--;
    });
  const tries = [0, 1, 2, 3, 4].map(work);
  await assert.rejects(work(5), (error) => error instanceof Unavailable && error.code === 'busy');
  gate.resolve();
  await Promise.all(tries);
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
});

test('PF-11: a place is free again after a failure', async () => {
  const passwords = new Passwords({ parameters: CHEAP, hashesAtOnce: 1 });
  await assert.rejects(passwords.inTurn(() => Promise.reject(new Error('no'))));
  assert.equal(await passwords.inTurn(async () => 'next'), 'next');
});

test('PF-67: 8 to 128 characters, counted as people do', () => {
  assert.equal(passwordFaults('1234567').length, 1);
  assert.equal(passwordFaults('12345678').length, 0);
  assert.equal(passwordFaults('😀'.repeat(7)).length, 1);
  assert.equal(passwordFaults('😀'.repeat(128)).length, 0);
  assert.deepEqual(passwordFaults('a'.repeat(129), 'current')[0]?.field, 'current');
});
