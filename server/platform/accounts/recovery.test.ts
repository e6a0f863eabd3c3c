import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DomainError } from '../errors.ts';
import { LOGIN_FAILURE_LIMITS } from './failures.ts';
import { registerPerson, startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';

let house: TestInstallation;
let process: TestProcess;

before(async () => {
  house = await startInstallation('recovery');
  process = await house.startProcess();
});
after(() => house.stop());

const code = (wanted: string) => (error: unknown) => error instanceof DomainError && error.code === wanted;
const reset = (email: string, given: string, password = 'battery staple') =>
  process.recovery.reset({ email, code: given, password });
const canSignIn = async (login: string, password: string) => {
  const attempt = {
    login,
    password,
    address: '192.0.2.1',
    limits: LOGIN_FAILURE_LIMITS,
    arrival: { through: 'platform' },
  };
  return (await process.signIn.signIn(attempt, async () => null)).kind === 'signed_in';
};

async function lettersTo(email: string): Promise<string[]> {
  await process.outbox.sweep();
  return house.mails.filter((mail) => mail.to === email).map((mail) => mail.text);
}

async function codesTo(email: string): Promise<string[]> {
  return (await lettersTo(email)).map((text) => /^[\w-]{43}$/m.exec(text)?.[0] ?? '');
}

test('AU12: the answer is the same with and without an account; the code is kept as a hash only', async () => {
  await registerPerson(process, { username: 'forgetful' });
  assert.equal(await process.recovery.recover('nobody@example.org'), undefined);
  assert.equal(await process.recovery.recover('Forgetful'), undefined);
  const [sent = ''] = await codesTo('forgetful@example.org');
  assert.match(sent, /^[\w-]{43}$/);
  const rows = await process.database.query<{ line: string }>(
    'select c::text as line from one_time_codes c union all select m::text from mails m',
  );
  const kept = rows.map((row) => row.line).join();
  assert.ok(!kept.includes(sent) && !kept.includes(Buffer.from(sent).toString('hex')), 'the mail is encrypted too');
});

test('AU13: a code sets the password once, ends everything signed in, proves the e-mail', async () => {
  const person = await registerPerson(process, { username: 'lost' });
  await process.recovery.recover('lost@example.org');
  const [sent = ''] = await codesTo('lost@example.org');
  await assert.rejects(reset('lost@example.org', sent, 'short'), code('invalid_input'));
  await assert.rejects(reset('forgetful@example.org', sent), code('invalid_code'), "another's code");
  await assert.rejects(reset('lost', sent), code('invalid_code'), 'the e-mail is asked, not the name');
  await reset('LOST@example.org', ` ${sent}\n`);
  assert.equal(await process.sessions.resolve('web', person.secret), null);
  assert.ok(await canSignIn('lost', 'battery staple'));
  assert.ok(!(await canSignIn('lost', 'correct horse')));
  assert.equal((await process.accounts.find(process.database, person.id))?.emailVerified, true);
  await assert.rejects(reset('lost@example.org', sent, 'staple battery'), code('invalid_code'), 'used');
});

test('AU12: of several uses at once, one counts', async () => {
  await registerPerson(process, { username: 'eager' });
  await process.recovery.recover('eager');
  const [sent = ''] = await codesTo('eager@example.org');
  const results = await Promise.allSettled(
    ['password one', 'password two', 'password three'].map((word) => reset('eager@example.org', sent, word)),
  );
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
});

test('AU12: a code expires, and a new one does not wait for it', async () => {
  await registerPerson(process, { username: 'late' });
  await process.recovery.recover('late');
  house.clock.advance(3_599_999);
  await process.recovery.recover('late');
  house.clock.advance(1);
  const [old = '', fresh = ''] = await codesTo('late@example.org');
  await assert.rejects(reset('late@example.org', old), code('invalid_code'));
  await reset('late@example.org', fresh);
  await process.purge();
  assert.deepEqual(
    await process.database.query(`select 1 from one_time_codes where expires_at <= ${house.clock.now()}`),
    [],
  );
});

test('AU12: at most three letters an hour and account', async () => {
  await registerPerson(process, { username: 'flooded' });
  await Promise.all(Array.from({ length: 9 }, () => process.recovery.recover('flooded')));
  assert.equal((await lettersTo('flooded@example.org')).length, 3);
  house.clock.advance(3_600_000);
  await process.recovery.recover('flooded');
  assert.equal((await lettersTo('flooded@example.org')).length, 4);
});

test('PG5: an unclaimed account becomes claimed by the code of its welcome', async () => {
  const account = await process.database.transaction('test', (tx) =>
    process.accounts.createUnclaimed(tx, 'fan@example.org'),
  );
  const [sent = ''] = await codesTo('fan@example.org');
  house.clock.advance(6 * 86_400_000);
  await reset('fan@example.org', sent);
  const claimed = await process.accounts.find(process.database, account.id);
  assert.deepEqual([claimed?.claimed, claimed?.emailVerified], [true, true]);
  assert.ok(await canSignIn('fan@example.org', 'battery staple'));
});

test('AU12: a suspended account gets no code and cannot use one', async () => {
  const person = await registerPerson(process, { username: 'barred' });
  await process.recovery.recover('barred');
  const [sent = ''] = await codesTo('barred@example.org');
  await process.accounts.setState(person.id, 'suspended', null);
  await process.recovery.recover('barred');
  assert.equal((await lettersTo('barred@example.org')).length, 1);
  await assert.rejects(reset('barred@example.org', sent), code('invalid_code'));
});
