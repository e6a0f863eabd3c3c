import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP, URI } from 'otpauth';
import { Conflict, DomainError, TooMany } from '../errors.ts';
import { LOGIN_FAILURE_LIMITS } from './failures.ts';
import { registerPerson, startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';

let house: TestInstallation;
let process: TestProcess;

before(async () => {
  house = await startInstallation('second-factor');
  process = await house.startProcess();
});
after(() => house.stop());

const code = (wanted: string) => (error: unknown) => error instanceof DomainError && error.code === wanted;
const proof = { password: 'correct horse', address: '192.0.2.1', limits: LOGIN_FAILURE_LIMITS };
const codeOf = (secret: string, offsetMs = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: house.clock.now() + offsetMs });
const check = (accountId: string, given: string | undefined) =>
  process.database.transaction('test', async (tx) => process.secondFactor.check(tx, accountId, given));

test('PF-13: enrolment shows a secret of 160 bits and its URI, and asks nothing until it is confirmed', async () => {
  const { id } = await registerPerson(process, { username: 'enroller' });
  assert.deepEqual(await process.secondFactor.state(process.database, id), {
    enabled: false,
    pending: false,
    recoveryCodesLeft: 0,
  });
  const { secret, uri } = await process.secondFactor.begin(id);
  assert.equal(Secret.fromBase32(secret).bytes.length, 20);
  const parsed = URI.parse(uri);
  assert.deepEqual([parsed.issuer, parsed.label, parsed.secret.base32], ['Greenroom', 'enroller', secret]);
  assert.equal(await check(id, undefined), 'off');
  assert.equal((await process.secondFactor.state(process.database, id)).pending, true);
  const again = await process.secondFactor.begin(id);
  await assert.rejects(
    process.secondFactor.confirm(id, codeOf(secret)),
    code('invalid_code'),
    'the first secret was replaced',
  );
  await assert.rejects(process.secondFactor.confirm(id, 'abc'), code('invalid_code'));
  const codes = await process.secondFactor.confirm(id, codeOf(again.secret));
  assert.equal(new Set(codes).size, 10);
  for (const recoveryCode of codes) assert.match(recoveryCode, /^[a-z0-9]{4}(-[a-z0-9]{4}){3}$/);
  assert.deepEqual(await process.secondFactor.state(process.database, id), {
    enabled: true,
    pending: false,
    recoveryCodesLeft: 10,
  });
  await assert.rejects(process.secondFactor.begin(id), Conflict);
  await assert.rejects(process.secondFactor.confirm(id, codeOf(again.secret)), code('second_factor_on'));
});

test('PF-13: secrets are encrypted and recovery codes hashed at rest', async () => {
  const { id } = await registerPerson(process, { username: 'sealed' });
  const { secret } = await process.secondFactor.begin(id);
  const codes = await process.secondFactor.confirm(id, codeOf(secret));
  const rows = await process.database.query<{ line: string }>(
    'select f::text || c::text as line from second_factors f join recovery_codes c using (account_id) where account_id = $1',
    [id],
  );
  const kept = rows.map((row) => row.line).join();
  for (const plain of [secret, Buffer.from(Secret.fromBase32(secret).bytes).toString('hex'), ...codes]) {
    assert.ok(!kept.includes(plain) && !kept.includes(Buffer.from(plain).toString('hex')));
  }
});

test('PF-13: a code is accepted once, with a neighbour for slow hands, and never an older one than the last', async () => {
  const { id } = await registerPerson(process, { username: 'stepper' });
  const { secret } = await process.secondFactor.begin(id);
  await process.secondFactor.confirm(id, codeOf(secret));
  house.clock.advance(60_000);
  const spaced = codeOf(secret).replace(/^(...)/, '$1 ');
  assert.equal(await check(id, spaced), 'right');
  assert.equal(await check(id, codeOf(secret)), 'wrong', 'twice');
  assert.equal(await check(id, codeOf(secret, -30_000)), 'wrong', 'an older one');
  assert.equal(await check(id, codeOf(secret, 30_000)), 'right', 'the next one');
  assert.equal(await check(id, codeOf(secret, 60_000)), 'wrong', 'too early');
  for (const empty of [undefined, '', ' ']) assert.equal(await check(id, empty), 'missing');
});

test('PF-13: it goes off with password and code only, and guessing is limited', async () => {
  const { id } = await registerPerson(process, { username: 'disabler' });
  const { secret } = await process.secondFactor.begin(id);
  await process.secondFactor.confirm(id, codeOf(secret));
  house.clock.advance(30_000);
  const right = codeOf(secret);
  await assert.rejects(
    process.secondFactor.disable(id, { ...proof, code: right, password: 'wrong horse' }),
    code('invalid_credentials'),
  );
  await assert.rejects(process.secondFactor.disable(id, { ...proof, code: '000000' }), code('invalid_code'));
  await process.secondFactor.disable(id, { ...proof, code: right });
  assert.deepEqual(await process.secondFactor.state(process.database, id), {
    enabled: false,
    pending: false,
    recoveryCodesLeft: 0,
  });
  const second = await process.secondFactor.begin(id);
  await process.secondFactor.confirm(id, codeOf(second.secret));
  for (let i = 0; i < 8; i++)
    await assert.rejects(process.secondFactor.disable(id, { ...proof, code: '000000' }), code('invalid_code'));
  await assert.rejects(process.secondFactor.disable(id, { ...proof, code: '000000' }), TooMany);
});
