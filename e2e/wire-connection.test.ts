// Connecting, logging on, being restored and being cut off on the opcode wire (contract 2.3). Time passes by moving stored instants back.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createSecrets } from '../server/platform/config/secrets.ts';
import { type Installation, openInstallation } from './support/installation.ts';
import { openGame, openStage, type Stage } from './support/match.ts';
import { connect, connectRefused, digestOf, type Handshake, OpcodeClient } from './support/opcode-client.ts';
import type { Person } from './support/people.ts';
import { TEST_SECRET } from './support/server.ts';
import { until } from './support/waiting.ts';

const HOUR_MS = 3_600_000;
const WINDOW_MS = 900_000;

let house: Installation;
let stage: Stage;
let gameId: string;

before(async () => {
  house = await openInstallation();
  stage = await openStage(house.people);
  gameId = await openGame(stage);
});

after(async () => await house.close());

/** The vector of WS4, as an account with that id and key. */
const VECTOR = {
  id: '0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10',
  nonce: '1700000000000',
  key: 'demo-key-7Qx2',
  plain: 'f56c7f5f88c61d604fadd488d852ec8bc42b398a88a2feeeae1feabadc70b83c',
  hmac: '34dc435f1e00cf5381b4fb69b0f3b14e835ef24cbcb7ab7cd0a51b353be86cb3',
};

async function storeVector(): Promise<void> {
  const { id, key } = VECTOR;
  const now = Date.now();
  const sealed = createSecrets(TEST_SECRET).seal('session-key', Buffer.from(key));
  const { pool } = house.store;
  await pool.query(
    `with account as (
       insert into accounts (id, username, username_key, email, email_key, claimed, created_at)
       values ($1, 'vector', 'vector', 'vector@example.org', 'vector@example.org', true, $2)
     )
     insert into login_names (name, account_id) values ('vector', $1), ('vector@example.org', $1)`,
    [id, now],
  );
  await pool.query(
    `insert into sessions (id, account_id, kind, secret_sealed, created_at, expires_at, last_seen_at, address, agent)
     values ($1, $2, 'predictions.key', $3, $4, $5, $4, '127.0.0.1', '')`,
    [randomUUID(), id, sealed, now, now + HOUR_MS],
  );
}

test('predictions-1: either digest of the vector is accepted (WS2, WS3)', async () => {
  await storeVector();
  const { id, nonce, key, plain, hmac } = VECTOR;
  assert.deepEqual([digestOf(key, id, nonce), digestOf(key, id, nonce, true)], [plain, hmac]);
  for (const digest of [plain, hmac, plain.toUpperCase()]) {
    const client = await connect({ wsUrl: house.server.wsUrl, id, key, nonce, digest });
    await client.close();
  }
});

test('predictions-2: one hex digit changed: res 110 with a text, close 4401 (WS7)', async () => {
  const { id, key, plain } = VECTOR;
  const digest = plain.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  const { message, closing } = await connectRefused({
    wsUrl: house.server.wsUrl,
    id,
    key,
    nonce: VECTOR.nonce,
    digest,
  });
  assert.equal(typeof message.text, 'string');
  assert.equal(closing.code, 4401);
});

test('predictions-3: a key of 24 h and 1 s ago is refused (AU4); it does not cut an open connection (WS11)', async () => {
  const alice = await house.people.signUp('alice');
  const before24h = await alice.connect();
  await house.store.pool.query(
    'update sessions set created_at = created_at - $2, expires_at = expires_at - $2 where account_id = $1',
    [alice.id, 24 * HOUR_MS + 1_000],
  );
  const { closing } = await connectRefused(alice.handshake());
  assert.equal(closing.code, 4401);
  await before24h.expect(345, 380, { source_id: stage.sourceId });
});

test('predictions-4: two logins on two devices: both keys connect (AU4, WS5)', async () => {
  const alice = await house.people.signUp('alice');
  const firstKey = alice.sessionKey;
  await alice.logIn();
  assert.notEqual(alice.sessionKey, firstKey);
  await alice.connect({ key: firstKey });
  await alice.connect({ hmac: true });
});

test('predictions-5: an op logs on silently; op 100 after it gives 112 (WS8, WS9)', async () => {
  const alices = await (await house.people.signUp('alice')).connect();
  await alices.expect(345, 380, { source_id: stage.sourceId });
  const again = await alices.expect(112, 100);
  assert.equal(typeof again.session_key, 'string');
});

test('predictions-6: back 14 min 59 s after a drop: restored, nobody saw a 480 (WS10)', async () => {
  const watcher = await (await house.people.signUp('watcher')).connect();
  await watcher.expect(333, 363, { game_id: gameId });
  const alice = await house.people.signUp('alice');
  const first = await joined(alice);
  const from = watcher.mark();
  await loseFor(first, alice, WINDOW_MS - 1_000);
  const second = await alice.connect();
  const restored = await second.first(100);
  assert.deepEqual([restored.restored, restored.games], [true, [gameId]]);
  await second.expect(901, 900, { text: 'back', targets: [gameId] });
  await watcher.receives([901], from);
});

test('predictions-7: back 15 min 1 s after a drop: others got one 480, not joined any more (WS10)', async () => {
  const watcher = await (await house.people.signUp('watcher')).connect();
  await watcher.expect(333, 363, { game_id: gameId });
  const alice = await house.people.signUp('alice');
  const first = await joined(alice);
  const from = watcher.mark();
  await loseFor(first, alice, WINDOW_MS + 1_000);
  const left = await watcher.first(480, from);
  assert.deepEqual([left.user_id, left.user_name], [alice.id, alice.username]);
  const second = await alice.connect();
  await second.refused(6622, 900, { text: 'back', targets: [gameId] });
  assert.deepEqual(second.codes(), [666]);
  await watcher.receives([480], from);
});

test('GM12: a game that was closed meanwhile is not restored, and nobody leaves it any more', async () => {
  const closing = await openGame(stage);
  const alice = await house.people.signUp('alice');
  const alices = await alice.connect();
  await alices.expect(333, 363, { game_id: gameId });
  await alices.expect(333, 363, { game_id: closing });
  await alices.cut();
  await stage.console.expect(341, 375, { game_id: closing });
  await until('the loss is noticed', () => isLossNoticed(alice));
  const back = await alice.connect();
  assert.deepEqual((await back.first(100)).games, [gameId]);
  await back.refused(6622, 364, { game_id: closing });
  await back.expect(334, 364, { game_id: gameId });
  const left = await house.store.pool.query(`select 1 from events where topic = $1 and type = 'player.left'`, [
    `predictions/game/${closing}`,
  ]);
  assert.equal(left.rows.length, 0);
});

/** Whether the server knows that every connection of somebody's is gone. */
async function isLossNoticed({ id }: Person): Promise<boolean> {
  const { rows } = await house.store.pool.query(
    'select bool_and(dropped_at is not null) as noticed from predictions_connections where account_id = $1',
    [id],
  );
  return (rows[0] as { noticed: boolean | null }).noticed === true;
}

async function joined(person: Person, options: Partial<Handshake> = {}): Promise<OpcodeClient> {
  const client = await person.connect(options);
  await client.expect(333, 363, { game_id: gameId });
  return client;
}

/** Loses a connection and lets so much time pass as the server sees it. */
async function loseFor(client: OpcodeClient, person: Person, ms: number): Promise<void> {
  await client.cut();
  await until('the loss is noticed', () => isLossNoticed(person));
  // In one statement: the timer of the drop must not fire between.
  await house.store.pool.query(
    `with moved as (
       update predictions_connections set dropped_at = dropped_at - $2 where account_id = $1 and dropped_at is not null returning id
     )
     update timers set due_at = due_at - $2 where kind = 'predictions.reconnect' and key in (select id::text from moved)`,
    [person.id, ms],
  );
}

test('WS1: `/` and `/ws`, parameters in any order', async () => {
  const alice = await house.people.signUp('alice');
  await alice.connect({ path: '/ws' });
  const nonce = randomUUID();
  const h = digestOf(alice.sessionKey, alice.id, nonce);
  const client = new OpcodeClient(`${house.server.wsUrl}/ws?h=${h}&x=1&n=${nonce}&id=${alice.id}`);
  await client.open();
  await client.close();
});

test('WS6: a nonce serves again while its connection is alive or may come back, and never after', async () => {
  const alice = await house.people.signUp('alice');
  const nonce = 'nonce';
  const first = await joined(alice, { nonce });
  const second = await alice.connect({ nonce });
  await second.close();
  await loseFor(first, alice, WINDOW_MS + 1_000);
  const { message, closing } = await connectRefused({ ...alice.handshake(), nonce });
  assert.equal(closing.code, 4401);
  assert.match(String(message.text), /nonce/);
  const other = await house.people.signUp('bob');
  await other.connect({ nonce });
});

test('WS7: a URL that cannot be a handshake is refused as a message, too', async () => {
  const alice = await house.people.signUp('alice');
  const stranger = { ...alice.handshake(), id: '00000000-0000-4000-8000-000000000000' };
  assert.equal((await connectRefused(stranger)).closing.code, 4401);
  assert.equal((await connectRefused({ ...alice.handshake(), digest: 'zz' })).closing.code, 4401);
  assert.equal((await connectRefused({ ...alice.handshake(), path: '/ws', id: '7' })).closing.code, 4401);
});

test('GM14: 470 for the first connection of a player, 480 for the last', async () => {
  const watcher = await (await house.people.signUp('watcher')).connect();
  await watcher.expect(333, 363, { game_id: gameId });
  const from = watcher.mark();
  const alice = await house.people.signUp('alice');
  // Players of earlier tests may leave this game in the meantime, when their reconnect window ends.
  const isAlice = (message: object) => 'user_id' in message && message.user_id === alice.handshake().id;
  const codesOfAlice = () => watcher.messages.slice(from).flatMap((message) => (isAlice(message) ? [message.res] : []));
  const [one, two] = [await joined(alice), await joined(alice)];
  await one.expect(334, 364, { game_id: gameId });
  await watcher.first(470, from, isAlice);
  await watcher.fence();
  assert.deepEqual(codesOfAlice(), [470]);
  await two.expect(334, 364, { game_id: gameId });
  await watcher.first(480, from, isAlice);
  await watcher.fence();
  assert.deepEqual(codesOfAlice(), [470, 480]);
  await two.refused(6622, 364, { game_id: gameId });
  assert.deepEqual(one.codes(), [333, 334]);
});

test('AU10, WS11: logout closes the connections of that key and of its admin twin with 4403', async () => {
  const admin = await house.people.signUpDeveloper('dev');
  const [byUserKey, byAdminKey] = [await admin.connect(), await admin.connect({ key: admin.adminKey! })];
  const kept = { key: admin.sessionKey };
  const { cookies } = admin.rest;
  const left = new Map(cookies);
  await admin.logIn();
  const elsewhere = await admin.connect();
  for (const [name, value] of left) cookies.set(name, value);
  const answer = await admin.rest.post('/r/logout/');
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual([(await byUserKey.closed).code, (await byAdminKey.closed).code], [4403, 4403]);
  await elsewhere.fence();
  assert.equal((await connectRefused({ ...admin.handshake(), ...kept })).closing.code, 4401);
});

test('AU13: a new password closes every connection with 4403', async () => {
  const alice = await house.people.signUp('alice');
  const client = await alice.connect();
  const passwords = { passwordOld: alice.password, passwordNew1: 'another password', passwordNew2: 'another password' };
  const answer = await alice.rest.post('/r/password/update/', { ...passwords, userId: alice.id });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await client.closed).code, 4403);
  assert.equal((await connectRefused(alice.handshake())).closing.code, 4401);
});

test('WS12: what cannot be read is 6605 and the connection stays; ten in a row close it with 1008', async () => {
  const client = await (await house.people.signUp('alice')).connect();
  const bad = [
    'no json',
    '[]',
    '"text"',
    '{}',
    '{"op":""}',
    '{"op":null}',
    '{"op":1,"x":"\\u0000"}',
    '{"__proto__":{},"op":1}',
  ];
  const from = client.mark();
  for (const text of bad) client.socket.send(text);
  const refusals = await client.receives(
    bad.map(() => 666),
    from,
  );
  assert.deepEqual(new Set(refusals.map(({ code }) => code)), new Set([6605]));
  // The pong between broke the row.
  for (let sent = 0; sent < 9; sent++) client.socket.send('no json');
  await client.fence();
  for (let sent = 0; sent < 10; sent++) client.socket.send('no json');
  assert.equal((await client.closed).code, 1008);
});

test('WS12: a binary frame closes with 1003', async () => {
  const client = await (await house.people.signUp('alice')).connect();
  client.socket.send(Buffer.from('{"op":1}'), { binary: true });
  assert.equal((await client.closed).code, 1003);
});

test('PF-76: above 64 KiB 6605 and the connection stays, above 128 KiB close 1009', async () => {
  const client = await (await house.people.signUp('alice')).connect();
  const from = client.mark();
  client.send(1, { padding: 'x'.repeat(65_536) });
  const [refusal] = await client.receives([666], from);
  assert.equal(refusal!.code, 6605);
  client.send(1, { padding: 'x'.repeat(131_072) });
  assert.equal((await client.closed).code, 1009);
});

test('PF-28: more messages than the rate allows are refused with 6623', async () => {
  const client = await (await house.people.signUp('alice')).connect();
  for (let sent = 0; sent < 320; sent++) client.send(1);
  const refusal = await client.first(666);
  assert.equal(refusal.code, 6623);
  assert.ok(Number(refusal.details!.retry_after_ms) > 0);
});

test('WS12: a reader that takes nothing is closed with 1013 and delays nobody', async () => {
  const targets = Array.from({ length: 1_900 }, (_, i) => `Team:${i}`);
  const big = await openGame(stage, { targets });
  const client = await (await house.people.signUp('alice')).connect();
  const slowReaders = async () => {
    const metrics = await (await fetch(`${house.server.url}/metrics`)).text();
    return /websocket_opcode\{what="slowReaders"\} (\d+)/.exec(metrics)?.[1];
  };
  client.socket.pause();
  for (let sent = 0; sent < 150; sent++) client.send(372, { game_id: big });
  await stage.console.expect(1, 1);
  await until('the reader is found slow', async () => (await slowReaders()) === '1');
  client.socket.resume();
  assert.equal((await client.closed).code, 1013);
});
