import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NotFound, Unauthenticated } from '../errors.ts';
import { registerPerson, startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';
import { SessionCache } from './session-cache.ts';
import type { NewSession, SessionRecord } from './sessions.ts';
import type { AccessEnded } from './types.ts';

let house: TestInstallation;
let here: TestProcess;
let there: TestProcess;

before(async () => {
  house = await startInstallation('sessions');
  here = await house.startProcess();
  there = await house.startProcess();
});
after(() => house.stop());

const issue = (accountId: string, more: Partial<NewSession> = {}) =>
  here.database.transaction('test', (tx) =>
    here.sessions.issue(tx, {
      accountId,
      kind: 'web',
      ttlMs: 86_400_000,
      address: '192.0.2.1',
      agent: 'test',
      ...more,
    }),
  );
const rowsWith = (column: string, value: string) =>
  here.database.query(`select 1 from sessions where strpos(${column}::text, $1) > 0`, [value]);

test('PF-12: a session secret has 256 bits and only its hash is kept', async () => {
  const { secret } = await registerPerson(here, { username: 'hashed' });
  assert.match(secret, /^[\w-]{43}$/);
  const inHex = Buffer.from(secret).toString('hex');
  const [row] = await here.database.query<{ line: string }>(
    'select string_agg(s::text, chr(10)) as line from sessions s',
  );
  assert.ok(!row?.line.includes(secret) && !row?.line.includes(inHex));
});

test('PF-12: a secret resolves in every process, under its own kind only, until it expires', async () => {
  const person = await registerPerson(here, { username: 'resolved' });
  const { secret } = await issue(person.id, { ttlMs: 60_000 });
  for (const process of [here, there]) {
    const record = await process.sessions.resolve('web', secret);
    assert.deepEqual([record?.username, record?.accountId], ['resolved', person.id]);
    assert.equal(await process.sessions.resolve('predictions', secret), null);
  }
  house.clock.advance(59_999);
  assert.ok(await here.sessions.resolve('web', secret));
  house.clock.advance(1);
  assert.equal(await here.sessions.resolve('web', secret), null);
  assert.equal(await there.sessions.resolve('web', secret), null);
  for (const wrong of ['', 'x', `${secret}x`, 'a'.repeat(43), `'; drop table sessions; --`.padEnd(43, '-')]) {
    assert.equal(await here.sessions.resolve('web', wrong), null);
  }
});

test('PF-07: a hot session costs no database call', async () => {
  const { secret, sessionId } = await registerPerson(here, { username: 'hot' });
  assert.ok(await here.sessions.resolve('web', secret));
  await here.database.query('delete from sessions where id = $1', [sessionId]);
  assert.ok(await here.sessions.resolve('web', secret), 'answered from memory');
  house.clock.advance(10_001);
  assert.equal(
    await here.sessions.resolve('web', secret),
    null,
    'a process whose feed is behind believes it for seconds only',
  );
});

test('PF-72: logout ends one session and what came from it, at once here and by the event in other processes', async () => {
  const person = await registerPerson(here, { username: 'family' });
  const login = await issue(person.id, { kind: 'predictions' });
  const key = await issue(person.id, { kind: 'predictions-key', parentId: login.id, readable: true });
  const twin = await issue(person.id, { kind: 'predictions-admin-key', parentId: key.id, readable: true });
  for (const process of [here, there]) {
    assert.ok(await process.sessions.resolveById('predictions', login.id));
    assert.ok(await process.sessions.resolve('predictions-admin-key', twin.secret));
  }
  const ended: AccessEnded[][] = [[], []];
  here.access.onEnded((end) => void ended[0]?.push(end));
  there.access.onEnded((end) => void ended[1]?.push(end));
  assert.equal(await here.sessions.end(person.id, login.id), true);
  assert.equal(await here.sessions.resolveById('predictions', login.id), null);
  await there.feed.checkHeads();
  assert.equal(await there.sessions.resolveById('predictions', login.id), null);
  assert.equal(await there.sessions.resolve('predictions-admin-key', twin.secret), null);
  assert.ok(await there.sessions.resolve('web', person.secret), 'other sessions stay');
  for (const heard of ended) {
    assert.equal(heard.length, 1);
    assert.deepEqual([...(heard[0]?.sessionIds ?? [])].sort(), [login.id, key.id, twin.id].sort());
  }
  assert.equal(await here.sessions.end(person.id, login.id), false, 'once');
});

test('PF-72: "sign out everywhere" ends all sessions in all processes and tells it once', async () => {
  const person = await registerPerson(here, { username: 'everywhere' });
  await issue(person.id, { kind: 'predictions', readable: true });
  assert.ok(await there.sessions.resolve('web', person.secret));
  const heard: AccessEnded[] = [];
  const stopHearing = there.access.onEnded((end) => void heard.push(end));
  await here.sessions.endEverywhere(person.id);
  await there.feed.checkHeads();
  stopHearing();
  assert.deepEqual(heard, [{ accountId: person.id, sessionIds: null }]);
  assert.equal(await there.sessions.resolve('web', person.secret), null);
  assert.deepEqual(await here.sessions.readableSecrets(person.id, ['predictions']), []);
});

test('PF-12: sessions are listed and revoked by their owner only', async () => {
  const person = await registerPerson(here, { username: 'lister' });
  const stranger = await registerPerson(here, { username: 'stranger' });
  const second = await issue(person.id, { agent: 'x'.repeat(1000), address: '2001:db8::1' });
  const listed = await here.sessions.list(person.id);
  assert.deepEqual(listed.map((session) => session.id).sort(), [person.sessionId, second.id].sort());
  assert.equal(listed.find((session) => session.id === second.id)?.agent.length, 256);
  await assert.rejects(here.sessions.revoke(stranger.id, second.id), NotFound);
  await here.sessions.revoke(person.id, second.id);
  assert.equal(await here.sessions.resolve('web', second.secret), null);
  assert.deepEqual(
    (await here.sessions.list(person.id)).map((session) => session.id),
    [person.sessionId],
  );
});

test('AU4: each login has a key of its own; beyond the limit the oldest dies; keys are readable again, and encrypted at rest', async () => {
  const person = await registerPerson(here, { username: 'keys' });
  const key = (ttlMs = 86_400_000) =>
    issue(person.id, { kind: 'predictions-key', ttlMs, readable: true, keepNewest: 3 });
  const shortLived = await key(1000);
  const first = await key();
  house.clock.advance(1000);
  const later = [await key(), await key()];
  const live = await here.sessions.readableSecrets(person.id, ['predictions-key']);
  assert.deepEqual(
    live.map((session) => session.secret).sort(),
    [first, ...later].map((session) => session.secret).sort(),
  );
  assert.ok(!live.some((session) => session.secret === shortLived.secret));
  const newest = await key();
  const kept = (await here.sessions.readableSecrets(person.id, ['predictions-key'])).map((session) => session.id);
  assert.ok(kept.length === 3 && kept.includes(newest.id) && !kept.includes(first.id));
  assert.equal((await rowsWith('secret_sealed', newest.secret)).length, 0);
  const atOnce = await Promise.all(Array.from({ length: 8 }, () => key()));
  assert.equal(
    (await here.sessions.readableSecrets(person.id, ['predictions-key'])).length,
    3,
    `${atOnce.length} at once`,
  );
});

test('PF-72: an account that is not active gets no session', async () => {
  const person = await registerPerson(here, { username: 'inactive' });
  await here.accounts.setState(person.id, 'suspended', null);
  await assert.rejects(issue(person.id), Unauthenticated);
});

test('PF-12: last use is kept to the minute', async () => {
  const { id, secret } = await registerPerson(here, { username: 'seen' });
  const seenAt = async () => (await here.sessions.list(id))[0]?.lastSeenAt;
  const created = house.clock.now();
  house.clock.advance(59_999);
  await here.sessions.resolve('web', secret);
  assert.equal(await seenAt(), created);
  house.clock.advance(10_001);
  await here.sessions.resolve('web', secret);
  assert.equal(await seenAt(), house.clock.now());
});

test('PF-12: expired sessions are removed, unless something alive came from them', async () => {
  const person = await registerPerson(here, { username: 'purged' });
  const parent = await issue(person.id, { ttlMs: 1000 });
  const child = await issue(person.id, { ttlMs: 5000, parentId: parent.id });
  const alone = await issue(person.id, { ttlMs: 1000 });
  house.clock.advance(1000);
  await Promise.all([here.purge(), there.purge()]);
  assert.equal((await rowsWith('id', alone.id)).length, 0);
  assert.equal((await rowsWith('id', parent.id)).length, 1);
  assert.ok(await here.sessions.resolve('web', child.secret));
  house.clock.advance(4000);
  await here.purge();
  assert.equal((await rowsWith('id', parent.id)).length, 0);
});

const record = (accountId: string): SessionRecord => ({
  id: 'session',
  kind: 'web',
  parentId: null,
  accountId,
  number: 1,
  username: 'someone',
  grants: new Set(),
  createdAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
});

test('PF-72: a row read before a revocation and arriving after it is not kept', async () => {
  const cache = new SessionCache({ clock: house.clock });
  const row = Promise.withResolvers<SessionRecord | null>();
  const reading = cache.get('key', () => row.promise);
  cache.forget('account');
  const later = await cache.get('key', async () => null);
  assert.equal(later, null, 'who asks after the revocation does not join the earlier read');
  row.resolve(record('account'));
  await reading;
  assert.equal(await cache.get('key', async () => null), null);
});

test('PF-07: many who ask at once share one read; the cache is bounded', async () => {
  const cache = new SessionCache({ clock: house.clock, maxEntries: 10 });
  let reads = 0;
  const load = async () => {
    reads++;
    return record('account');
  };
  await Promise.all(Array.from({ length: 20 }, () => cache.get('key', load)));
  assert.equal(reads, 1);
  for (let i = 0; i < 50; i++) await cache.get(`key${i}`, async () => record(`account${i}`));
  assert.equal(cache.size, 10);
});
