// What an operator may change about the opcode wire (contract 2.1): one server with everything changed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Installation, openInstallation } from './support/installation.ts';
import { openGame } from './support/match.ts';
import { freePort, startServer } from './support/server.ts';

const WINDOW_MS = 700;
const MOST_BYTES = 2_048;

let house: Installation;
let port: number;

before(async () => {
  port = await freePort();
  house = await openInstallation({
    env: {
      GREENROOM_PREDICTIONS_REQUIRE_LOGON: 'true',
      GREENROOM_PREDICTIONS_ADMIN_OPS_NEED_ADMIN_KEY: 'true',
      GREENROOM_PREDICTIONS_RECONNECT_WINDOW: `${WINDOW_MS} ms`,
      GREENROOM_PREDICTIONS_KEYS_PER_USER: '2',
      GREENROOM_PREDICTIONS_CHAT_MAX_CHARS: '10',
      GREENROOM_PREDICTIONS_MAX_GAME_ADMINS: '1',
      GREENROOM_PREDICTIONS_LEGACY_PLACED_AT_SECONDS: 'true',
      GREENROOM_PREDICTIONS_WS_PORT: String(port),
      GREENROOM_PREDICTIONS_WS_MAX_MESSAGE: String(MOST_BYTES),
    },
  });
});

after(async () => await house.close());

test('require_logon: 6603 before op 100, except for ops 1, 2 and 100 (WS9)', async () => {
  const alices = await (await house.people.signUp('alice')).connect();
  await alices.refused(6603, 800);
  await alices.expect(2, 2);
  await alices.expect(100, 100);
  assert.equal((await alices.expect(800, 800)).current_balance, 1000);
});

test('admin_ops_need_admin_key: D, S and G ops need a connection opened with it (AU5)', async () => {
  const admin = await house.people.signUpDeveloper('admin');
  const [byUserKey, byAdminKey] = [await admin.connect(), await admin.connect({ key: admin.adminKey! })];
  await byUserKey.expect(100, 100);
  await byUserKey.refused(6602, 365, { source_name: 'mine' });
  await byAdminKey.expect(100, 100);
  const { source_id: sourceId } = await byAdminKey.expect(335, 365, { source_name: 'mine' });
  await byUserKey.expect(621, 611);
  const gameId = await openGame({ admin, console: byAdminKey, sourceId: sourceId! });

  const other = await house.people.signUp('other');
  await byAdminKey.expect(617, 617, { game_id: gameId, username: admin.username });
  const full = await byAdminKey.ask(617, { game_id: gameId, username: other.username });
  assert.equal(full.res, 666, JSON.stringify(full));
});

test('ws_max_message: above it 6605 and the connection stays, above twice that 1009 (PF-76)', async () => {
  const alices = await (await house.people.signUp('alice')).connect();
  const from = alices.mark();
  alices.socket.send(JSON.stringify({ op: 1, padding: 'x'.repeat(MOST_BYTES) }));
  assert.equal((await alices.first(666, from)).code, 6605);
  await alices.expect(1, 1, { padding: 'x'.repeat(MOST_BYTES - 100) });
  alices.socket.send(JSON.stringify({ op: 1, padding: 'x'.repeat(2 * MOST_BYTES) }));
  assert.equal((await alices.closed).code, 1009);
});

test('PF-62: ws_port gives the wire alone on a port of its own, on any path', async () => {
  const alice = await house.people.signUp('alice');
  for (const path of ['/', '/ws', '/whatever']) await alice.connect({ wsUrl: `ws://127.0.0.1:${port}`, path });
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 426);
});

test('ws_port: taken: the start fails and names it', async () => {
  const env = { GREENROOM_PREDICTIONS_WS_PORT: String(port) };
  await assert.rejects(startServer({ databaseUrl: house.store.url, env }), new RegExp(`${port}`));
});

test('reconnect_window: 480 after it, and the nonce is spent (WS6, WS10)', async () => {
  const admin = await house.people.signUpDeveloper('admin');
  const console = await admin.connect({ key: admin.adminKey! });
  await console.expect(100, 100);
  const { source_id: sourceId } = await console.expect(335, 365, { source_name: 'mine' });
  const gameId = await openGame({ admin, console, sourceId: sourceId! });
  await console.expect(333, 363, { game_id: gameId });
  const alice = await house.people.signUp('alice');
  const alices = await alice.connect();
  await alices.expect(100, 100);
  await alices.expect(333, 363, { game_id: gameId });
  const from = console.mark();
  await alices.cut();
  const left = await console.first(480, from);
  assert.equal(left.user_id, alice.id);
  const again = await alice.connect();
  await again.refused(6603, 800);
  await console.refused(6607, 900, { text: 'more than ten characters', targets: gameId });
});

test('legacy_placed_at_seconds: placed_at in whole seconds (I6)', async () => {
  const admin = await house.people.signUpDeveloper('admin');
  const console = await admin.connect({ key: admin.adminKey! });
  await console.expect(100, 100);
  const { source_id: sourceId } = await console.expect(335, 365, { source_name: 'mine' });
  const stage = { admin, console, sourceId: sourceId! };
  const gameId = await openGame(stage);
  const question = { game_id: gameId, description: 'Who?', action_id: 'goal', targets: ['chile', 'peru'] };
  const { pool_id: poolId } = await console.expect(350, 385, question);
  const answer = await admin.rest.post(
    `/r/sources/${sourceId}/games/active/${gameId}/pools/open/${poolId}/predictions/`,
    { target_id: 'chile', amount: 1 },
  );
  const { placed_at: placedAt } = answer.body.bet_obj as { placed_at: number };
  assert.ok(Math.abs(placedAt - Date.now() / 1000) < 60, String(placedAt));
});

test('keys_per_user: beyond it the oldest key dies (AU4)', async () => {
  const alice = await house.people.signUp('alice');
  const oldest = alice.sessionKey;
  await alice.logIn();
  await alice.logIn();
  await assert.rejects(alice.connect({ key: oldest }), /4401/);
  await alice.connect();
});
