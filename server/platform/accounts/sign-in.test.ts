import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { Conflict, TooMany } from '../errors.ts';
import { LOGIN_FAILURE_LIMITS } from './failures.ts';
import { registerPerson, startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';
import type { SignInAttempt } from './sign-in.ts';

let house: TestInstallation;
let here: TestProcess;
let there: TestProcess;

before(async () => {
  house = await startInstallation('sign-in');
  here = await house.startProcess({ hashesAtOnce: 4 });
  there = await house.startProcess({ hashesAtOnce: 4 });
});
after(() => house.stop());

const AU15 = { ...LOGIN_FAILURE_LIMITS, windowMs: 600_000, perPair: 10 };
const attempt = (login: string, password: string, more: Partial<SignInAttempt> = {}): SignInAttempt => ({
  login,
  password,
  address: '192.0.2.1',
  limits: AU15,
  arrival: { through: 'predictions' },
  ...more,
});
const signIn = (login: string, password: string, more: Partial<SignInAttempt> = {}, process = here) =>
  process.signIn.signIn(attempt(login, password, more), (tx, account) =>
    process.sessions.issue(tx, { accountId: account.id, kind: 'web', ttlMs: 86_400_000, address: '', agent: '' }),
  );
const isTooMany = (error: unknown) => error instanceof TooMany && error.code === 'too_many';
const failuresOf = async (subject: string) =>
  (await here.database.query('select 1 from login_failures where subject = $1', [subject])).length;

async function enrol(accountId: string): Promise<{ code(): string; recoveryCodes: string[] }> {
  const { secret } = await here.secondFactor.begin(accountId);
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const code = () => totp.generate({ timestamp: house.clock.now() });
  return { code, recoveryCodes: await here.secondFactor.confirm(accountId, code()) };
}

test('AU2: name or e-mail, in any case and form, with the password', async () => {
  const person = await registerPerson(here, { username: 'Grüße', email: 'gruesse@example.org' });
  for (const login of ['Grüße', 'GRÜSSE', 'gru\u0308ße', 'Gruesse@Example.ORG']) {
    const result = await signIn(login, 'correct horse');
    assert.equal(result.kind, 'signed_in', login);
    if (result.kind === 'signed_in') assert.equal(result.account.id, person.id);
  }
});

test('PF-11: unknown name, wrong password and an account without password give the same answer', async () => {
  await registerPerson(here, { username: 'known' });
  const made = await here.database.transaction('test', (tx) => here.accounts.createUnclaimed(tx, 'nopass@example.org'));
  for (const login of ['known', 'unknown', made.username]) {
    assert.deepEqual(await signIn(login, 'wrong horse'), { kind: 'invalid_credentials' }, login);
  }
});

test('PF-11: a weaker hash is renewed at sign-in', async () => {
  const person = await registerPerson(here, { username: 'weak' });
  const hashOfRow = async () =>
    (
      await here.database.query<{ password_hash: string }>('select password_hash from accounts where id = $1', [
        person.id,
      ])
    )[0]?.password_hash;
  const before = await hashOfRow();
  const { createAccountServices } = await import('./compose.ts');
  const stronger = createAccountServices({
    database: here.database,
    ports: {
      clock: house.clock,
      random: { bytes: (n) => Buffer.alloc(n, 7), fraction: () => 0 },
      ids: { uuid: () => crypto.randomUUID() },
    },
    secrets: house.secrets,
    mailer: here.outbox,
    publicUrl: 'https://room.example',
    passwords: { parameters: { memoryKiB: 128, passes: 1, lanes: 1 } },
  });
  assert.equal((await stronger.signIn.signIn(attempt('weak', 'correct horse'), async () => null)).kind, 'signed_in');
  const renewed = await hashOfRow();
  assert.match(renewed ?? '', /m=128,/);
  assert.notEqual(renewed, before);
  assert.equal((await signIn('weak', 'correct horse')).kind, 'signed_in');
  const many = await Promise.all(Array.from({ length: 6 }, () => signIn('weak', 'correct horse')));
  assert.ok(many.every((result) => result.kind === 'signed_in'));
});

test('AU15: 10 failures in 10 minutes, then 429 even with the right password, until the window has passed', async () => {
  const person = await registerPerson(here, { username: 'guessed' });
  for (let i = 0; i < 10; i++) {
    // One account under all its names, in whichever process.
    const login = i % 2 ? 'GUESSED' : 'guessed@example.org';
    assert.equal((await signIn(login, 'wrong horse', {}, i % 3 ? here : there)).kind, 'invalid_credentials');
    house.clock.advance(1000);
  }
  await assert.rejects(
    signIn('guessed', 'correct horse'),
    (error) => isTooMany(error) && (error as TooMany).retryAfterMs === 590_000,
  );
  assert.equal(await failuresOf(person.id), 10, 'refused tries are not counted');
  assert.equal(
    (await signIn('guessed', 'correct horse', { address: '192.0.2.2' })).kind,
    'signed_in',
    'others are not locked out',
  );
  house.clock.advance(590_000);
  assert.equal((await signIn('guessed', 'correct horse')).kind, 'signed_in');
  assert.equal(await failuresOf(person.id), 0, 'a success settles them');
});

test('AU15: failures of a name that nobody has are limited alike', async () => {
  for (let i = 0; i < 10; i++) await signIn('Nobody Here', 'x');
  await assert.rejects(signIn('nobody here', 'x'), isTooMany);
});

test('PF-67: each route applies its own threshold and window to the shared counts', async () => {
  await registerPerson(here, { username: 'shared' });
  const strict = { ...AU15, windowMs: 900_000, perPair: 1000, perAccount: 5 };
  for (let i = 0; i < 5; i++) await signIn('shared', 'x', { address: `198.51.100.${i}` });
  await assert.rejects(signIn('shared', 'correct horse', { limits: strict }), isTooMany);
  assert.equal((await signIn('shared', 'correct horse')).kind, 'signed_in');
});

test('PF-67: an address alone is limited widely, and wider with the accounts proven behind it', async () => {
  const limits = { ...AU15, perAddress: 30, perProvenAccount: 10 };
  const crowd = { limits, address: '203.0.113.7' };
  for (let i = 0; i < 30; i++) await signIn(`stranger${i}`, 'x', crowd);
  await assert.rejects(signIn('stranger99', 'x', crowd), isTooMany);
  const person = await registerPerson(here, { username: 'attendee' });
  await here.database.transaction('test', (tx) =>
    here.sessions.issue(tx, { accountId: person.id, kind: 'web', ttlMs: 1e6, address: '203.0.113.7', agent: '' }),
  );
  for (let i = 0; i < 10; i++) assert.equal((await signIn(`newcomer${i}`, 'x', crowd)).kind, 'invalid_credentials');
  await assert.rejects(signIn('newcomer99', 'x', crowd), isTooMany);
});

test('PF-67: an IPv6 site is one address', async () => {
  for (let i = 0; i < 10; i++) await signIn('sixer', 'x', { address: `2001:db8:1:2::${i}` });
  await assert.rejects(signIn('sixer', 'x', { address: '2001:db8:1:2:ffff::1' }), isTooMany);
  assert.equal((await signIn('sixer', 'x', { address: '2001:db8:1:3::1' })).kind, 'invalid_credentials');
});

test('AU15: many guesses at once in two processes get no further than the limit and the hashes under way', async () => {
  const person = await registerPerson(here, { username: 'burst' });
  const guesses = Array.from({ length: 60 }, (_, i) => signIn('burst', `guess ${i}`, {}, i % 2 ? here : there));
  const results = await Promise.allSettled(guesses);
  const compared = results.filter((result) => result.status === 'fulfilled').length;
  // With nine failures known, every hash under way (two processes, four each) may have passed the first check.
  assert.ok(compared >= 10 && compared <= 9 + 2 * 4, `${compared} compared`);
  assert.equal(await failuresOf(person.id), compared, 'none of the failures is lost');
  await assert.rejects(signIn('burst', 'correct horse'), isTooMany);
});

test('PF-72: a sign-in racing a password change leaves no session opened by the old password', async () => {
  const person = await registerPerson(here, { username: 'race' });
  let password = 'password 0';
  await here.accounts.changePassword(
    { accountId: person.id, password: 'correct horse', address: '', limits: AU15 },
    password,
    async () => null,
  );
  for (let round = 1; round <= 5; round++) {
    const next = `password ${round}`;
    const tries = Array.from({ length: 6 }, (_, i) =>
      signIn('race', password, { address: `192.0.2.${round}` }, i % 2 ? here : there),
    );
    const change = here.accounts.changePassword(
      { accountId: person.id, password, address: '', limits: AU15 },
      next,
      async () => null,
    );
    await Promise.all([...tries, change]);
    password = next;
    assert.deepEqual(await here.sessions.list(person.id), [], `round ${round}`);
  }
});

test('PF-68: an account with a second factor needs it; the code is accepted once', async () => {
  const person = await registerPerson(here, { username: 'twofold' });
  const { code } = await enrol(person.id);
  assert.deepEqual(await signIn('twofold', 'correct horse'), { kind: 'second_factor_required', given: 'missing' });
  assert.deepEqual(await signIn('twofold', 'wrong horse', { otp: code() }), { kind: 'invalid_credentials' });
  assert.deepEqual(
    await signIn('twofold', 'correct horse', { otp: code() }),
    { kind: 'second_factor_required', given: 'wrong' },
    'used by confirm',
  );
  house.clock.advance(30_000);
  const otp = code();
  const both = await Promise.all([
    signIn('twofold', 'correct horse', { otp }),
    signIn('twofold', 'correct horse', { otp }, there),
  ]);
  assert.deepEqual(both.map((result) => result.kind).sort(), ['second_factor_required', 'signed_in']);
  assert.equal((await here.sessions.list(person.id)).length, 2, 'its first and the one new session');
});

test('PF-68: wrong codes count as failures, also many at once; a missing one does not', async () => {
  const person = await registerPerson(here, { username: 'codes' });
  await enrol(person.id);
  for (let i = 0; i < 12; i++) await signIn('codes', 'correct horse');
  assert.equal(await failuresOf(person.id), 0);
  const guesses = Array.from({ length: 30 }, (_, i) =>
    signIn('codes', 'correct horse', { otp: String(i).padStart(6, '0') }, i % 2 ? here : there),
  );
  await Promise.allSettled(guesses);
  assert.equal(await failuresOf(person.id), 10, 'exactly, since the account is locked while a code is judged');
  await assert.rejects(signIn('codes', 'correct horse', { otp: '123456' }), isTooMany);
});

test('PF-13: a recovery code stands in for a code, once, in any writing', async () => {
  const person = await registerPerson(here, { username: 'recoverer' });
  const { recoveryCodes } = await enrol(person.id);
  const [first = '', second = ''] = recoveryCodes;
  assert.equal((await signIn('recoverer', 'correct horse', { otp: first })).kind, 'signed_in');
  assert.equal((await signIn('recoverer', 'correct horse', { otp: first })).kind, 'second_factor_required');
  assert.equal(
    (await signIn('recoverer', 'correct horse', { otp: second.toUpperCase().replaceAll('-', ' ') })).kind,
    'signed_in',
  );
  assert.equal((await here.secondFactor.state(here.database, person.id)).recoveryCodesLeft, 8);
});

test('PG3: what a module adds at sign-in is of the same transaction and undoes it when it fails', async () => {
  const extended = await house.startProcess();
  const person = await registerPerson(extended, { username: 'arriver' });
  let fails = true;
  const seen: unknown[] = [];
  extended.signIn.onSignedIn(async (tx, account, arrival) => {
    await tx.query('select 1');
    seen.push([account.id, arrival]);
    if (fails) throw new Conflict('no', 'no');
  });
  const arrival = { through: 'predictions', inviteId: 'abc' };
  await assert.rejects(signIn('arriver', 'correct horse', { arrival }, extended), Conflict);
  assert.equal((await extended.sessions.list(person.id)).length, 1);
  fails = false;
  assert.equal((await signIn('arriver', 'correct horse', { arrival }, extended)).kind, 'signed_in');
  assert.deepEqual(seen.at(-1), [person.id, arrival]);
});

test('PF-67: old failures are removed', async () => {
  await signIn('forgotten', 'x');
  house.clock.advance(86_400_000);
  await here.purge();
  assert.equal((await here.database.query('select 1 from login_failures')).length, 0);
});
