import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Conflict, DomainError, Invalid, NotFound, Unauthenticated } from '../errors.ts';
import { LOGIN_FAILURE_LIMITS } from './failures.ts';
import { registerPerson, startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';
import type { Arrival } from './sign-in.ts';

let house: TestInstallation;
let process: TestProcess;

before(async () => {
  house = await startInstallation('accounts');
  process = await house.startProcess();
});
after(() => house.stop());

const platform: Arrival = { through: 'platform' };
const nothing = async () => undefined;
const code = (wanted: string) => (error: unknown) => error instanceof DomainError && error.code === wanted;
const owner = (accountId: string, password = 'correct horse') => ({
  accountId,
  password,
  address: '192.0.2.1',
  limits: LOGIN_FAILURE_LIMITS,
});
const register = (username: string, email: string) =>
  process.accounts.register({ username, email, password: 'correct horse', arrival: platform }, nothing);

test('PF-65: an account has a UUID and a number from 1; PF-66: the name stays as typed, the e-mail is unverified', async () => {
  const { account } = await register('Zoë', 'Zoe@Example.org');
  assert.match(account.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(account.number, 1);
  assert.equal(account.username, 'Zoë');
  assert.equal(account.email, 'Zoe@Example.org');
  assert.deepEqual([account.emailVerified, account.claimed, account.state], [false, true, 'active']);
});

test('PF-10: names and e-mails are unique in any case and Unicode form', async () => {
  await register('Ångström', 'angstrom@example.org');
  await assert.rejects(register('a\u030aNGSTRÖM', 'other@example.org'), code('username_taken'));
  await assert.rejects(register('other', 'ANGSTROM@example.org'), code('email_taken'));
});

test("PF-66: no name equals another account's e-mail, no e-mail another's name", async () => {
  await register('first', 'shared@example.org');
  await assert.rejects(register('Shared@Example.org', 'second@example.org'), code('username_taken'));
  await register('name@example.org', 'third@example.org');
  await assert.rejects(register('fourth', 'name@example.org'), code('email_taken'));
  const { account } = await register('me@example.org', 'ME@example.org');
  assert.equal(account.username, 'me@example.org', 'the own e-mail may be the name');
});

test('PF-10: of many who want one name at once, one gets it', async () => {
  const other = await house.startProcess();
  const tries = Array.from({ length: 12 }, (_, i) =>
    (i % 2 ? other : process).accounts.register(
      {
        username: i % 3 ? 'Wanted' : 'wANTED',
        email: `wanted${i}@example.org`,
        password: 'correct horse',
        arrival: platform,
      },
      nothing,
    ),
  );
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  for (const result of results) if (result.status === 'rejected') assert.ok(code('username_taken')(result.reason));
});

test('PF-66: names and e-mails wanted crosswise at once neither both succeed nor block each other', async () => {
  for (let round = 0; round < 10; round++) {
    const [a, b] = [`cross-a${round}@example.org`, `cross-b${round}@example.org`];
    const results = await Promise.allSettled([register(a, b), register(b, a), register(a, b)]);
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  }
});

test('PF-04: all faults of a registration are told at once', async () => {
  await assert.rejects(
    process.accounts.register({ username: 'a b', email: 'x', password: 'short', arrival: platform }, nothing),
    (error) =>
      error instanceof Invalid &&
      error.code === 'invalid_input' &&
      (error.details.errors as { field: string }[]).map((fault) => fault.field).join() === 'username,email,password',
  );
});

test('PF-70: what a module adds on registration is of the same transaction', async () => {
  const arrivals: [string, Arrival][] = [];
  const extended = await house.startProcess();
  extended.accounts.onRegistered(async (tx, account, arrival) => {
    arrivals.push([account.username, arrival]);
    await tx.query('select 1');
    if (arrival.inviteId === 'broken') throw new Conflict('broken', 'no');
  });
  const person = (username: string, inviteId: string) => ({
    username,
    email: `${username}@example.org`,
    password: 'correct horse',
    arrival: { through: 'predictions', inviteId },
  });
  await extended.accounts.register(person('invited', 'abc'), nothing);
  await assert.rejects(extended.accounts.register(person('unlucky', 'broken'), nothing), code('broken'));
  assert.deepEqual(arrivals[0], ['invited', { through: 'predictions', inviteId: 'abc' }]);
  assert.equal(await process.accounts.findByLogin(process.database, 'unlucky'), undefined);
});

test('PG1: an unclaimed account has a made-up name, no password, a welcome by mail, and goes with its transaction', async () => {
  const refused = process.database.transaction('test', async (tx) => {
    await process.accounts.createUnclaimed(tx, 'gone@example.org');
    throw new Error('refused bet');
  });
  await assert.rejects(refused, /refused bet/);
  assert.equal(await process.accounts.findByEmail(process.database, 'gone@example.org'), undefined);
  const account = await process.database.transaction('test', (tx) =>
    process.accounts.createUnclaimed(tx, 'bob.miller@example.org'),
  );
  assert.deepEqual([account.claimed, account.state], [false, 'active']);
  assert.ok(!/bob|miller/.test(account.username));
  await process.outbox.sweep();
  const mail = house.mails.find((letter) => letter.to === 'bob.miller@example.org');
  assert.match(mail?.text ?? '', /\/reset\?email=bob\.miller%40example\.org&code=[\w-]{43}\n/);
});

test('PG1: of simultaneous first predictions with one e-mail, one makes the account', async () => {
  const tries = Array.from({ length: 6 }, () =>
    process.database.transaction('test', (tx) => process.accounts.createUnclaimed(tx, 'three@example.org')),
  );
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  for (const result of results) if (result.status === 'rejected') assert.ok(code('email_taken')(result.reason));
});

test('PF-69: registering with the e-mail of an unclaimed account is "taken" and mails its claim link, a few times an hour', async () => {
  await process.database.transaction('test', (tx) => process.accounts.createUnclaimed(tx, 'claim@example.org'));
  for (let i = 0; i < 5; i++) {
    house.clock.advance(1);
    await assert.rejects(register(`claimer${i}`, 'Claim@example.org'), code('email_taken'));
  }
  await process.outbox.sweep();
  const letters = house.mails.filter((letter) => letter.to === 'claim@example.org');
  assert.deepEqual(
    letters.map((letter) => letter.subject),
    ['Welcome', ...Array(2).fill('Your account is waiting for you')],
  );
  await registerPerson(process, { username: 'claimed', email: 'claimed@example.org' });
  await assert.rejects(register('claimer9', 'claimed@example.org'), code('email_taken'));
  await process.outbox.sweep();
  assert.equal(
    house.mails.filter((letter) => letter.to === 'claimed@example.org').length,
    0,
    'a claimed account gets none',
  );
});

test('AU14: the name changes with the password; taken is 409; the old name is free, the id stays', async () => {
  const person = await registerPerson(process, { username: 'oldname' });
  await assert.rejects(process.accounts.changeUsername(owner(person.id, 'wrong horse'), 'newname'), Unauthenticated);
  await assert.rejects(process.accounts.changeUsername(owner(person.id), 'zoë'), code('username_taken'));
  await assert.rejects(
    process.accounts.changeUsername(owner(person.id), 'abcd', () => 'no'),
    code('invalid_input'),
  );
  assert.equal((await process.accounts.changeUsername(owner(person.id), 'OldName')).username, 'OldName');
  const changed = await process.accounts.changeUsername(owner(person.id), 'newname');
  assert.deepEqual([changed.id, changed.username], [person.id, 'newname']);
  assert.equal((await process.sessions.resolve('web', person.secret))?.username, 'newname');
  await registerPerson(process, { username: 'oldname', email: 'heir@example.org' });
});

test('PF-66: a new e-mail is unverified, the old address is told, codes sent to it are void', async () => {
  const person = await registerPerson(process, { username: 'mover', email: 'before@example.org' });
  await process.recovery.recover('mover');
  house.clock.advance(1);
  await process.accounts.changeEmail(owner(person.id), 'after@example.org');
  await process.outbox.sweep();
  const [recovery, told] = house.mails.filter((letter) => letter.to === 'before@example.org');
  assert.match(told?.text ?? '', /after@example\.org/);
  const sent = /^[\w-]{43}$/m.exec(recovery?.text ?? '')?.[0];
  const reset = process.recovery.reset({ email: 'after@example.org', code: sent ?? '', password: 'battery staple' });
  await assert.rejects(reset, code('invalid_code'));
  assert.equal((await process.accounts.findByEmail(process.database, 'after@example.org'))?.emailVerified, false);
  assert.equal(await process.accounts.findByEmail(process.database, 'before@example.org'), undefined);
});

test('PF-71: admin create makes a superuser; grants are replaced, and told to all processes', async () => {
  const admin = await process.accounts.createAdmin({
    username: 'root',
    email: 'root@example.org',
    password: 'correct horse',
  });
  assert.deepEqual([...admin.grants], ['superuser']);
  const person = await registerPerson(process, { username: 'staff' });
  const cut: string[] = [];
  process.access.onEnded((ended) => void (ended.accountId === person.id && cut.push('cut')));
  await process.accounts.setGrants(person.id, ['draws.staff', 'races.admin', 'draws.staff'], admin.id);
  assert.deepEqual(
    [...((await process.sessions.resolve('web', person.secret))?.grants ?? [])],
    ['draws.staff', 'races.admin'],
  );
  assert.deepEqual(cut, [], 'more rights cut nothing');
  await process.accounts.setGrants(person.id, ['draws.staff'], admin.id);
  assert.deepEqual([...((await process.sessions.resolve('web', person.secret))?.grants ?? [])], ['draws.staff']);
  assert.deepEqual(cut, ['cut'], 'fewer rights cut connections');
  await assert.rejects(process.accounts.setGrants('00000000-0000-4000-8000-000000000000', [], null), NotFound);
});

test('PF-72: a suspended account is signed out everywhere, and may come back', async () => {
  const person = await registerPerson(process, { username: 'suspended' });
  assert.ok(await process.sessions.resolve('web', person.secret));
  const suspended = await process.accounts.setState(person.id, 'suspended', null);
  assert.equal(suspended.state, 'suspended');
  assert.equal(await process.sessions.resolve('web', person.secret), null);
  const attempt = {
    login: 'suspended',
    password: 'correct horse',
    address: '192.0.2.1',
    limits: LOGIN_FAILURE_LIMITS,
    arrival: platform,
  };
  assert.deepEqual(await process.signIn.signIn(attempt, nothing), { kind: 'suspended' });
  await process.accounts.setState(person.id, 'active', null);
  assert.equal((await process.signIn.signIn(attempt, nothing)).kind, 'signed_in');
});

test('AU13: a password change ends everything signed in and raises token_version; the maker may go on with a new session', async () => {
  const person = await registerPerson(process, { username: 'changer' });
  await assert.rejects(
    process.accounts.changePassword(owner(person.id, 'wrong horse'), 'battery staple', nothing),
    code('invalid_credentials'),
  );
  await assert.rejects(process.accounts.changePassword(owner(person.id), 'short', nothing), code('invalid_input'));
  const before = await process.accounts.find(process.database, person.id);
  const issued = await process.accounts.changePassword(owner(person.id), 'battery staple', (tx) =>
    process.sessions.issue(tx, { accountId: person.id, kind: 'web', ttlMs: 1000, address: '', agent: '' }),
  );
  assert.equal(await process.sessions.resolve('web', person.secret), null);
  assert.ok(await process.sessions.resolve('web', issued.secret));
  const changed = await process.accounts.find(process.database, person.id);
  assert.equal(changed?.tokenVersion, (before?.tokenVersion ?? 0) + 1);
});

test('PF-72: two password changes at once: the second finds the old password wrong', async () => {
  const person = await registerPerson(process, { username: 'racer' });
  const results = await Promise.allSettled(
    ['battery staple', 'staple battery'].map((password) =>
      process.accounts.changePassword(owner(person.id), password, nothing),
    ),
  );
  assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
});
