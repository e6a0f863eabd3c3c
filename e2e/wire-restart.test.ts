// What the opcode wire keeps over a kill of the only server (WS10, PF-51), on its embedded database.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openInstallation } from './support/installation.ts';
import { openGame, openPool, openStage } from './support/match.ts';
import { connect } from './support/opcode-client.ts';
import { RestClient } from './support/people.ts';
import { startServer, type TestServer } from './support/server.ts';

let dataDir: string;
let server: TestServer;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'greenroom-restart-'));
  server = await startServer({ dataDir });
});

after(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('WS10: after SIGKILL a logon is restored at once, under a new nonce too', async () => {
  const rest = new RestClient(() => server);
  const asked = { username: 'survivor', email: 'survivor@example.org', password: 'correct horse battery' };
  const { body } = await rest.post('/r/signup/', asked);
  const [id, key] = [String(body.id), String(body.user_session_key)];
  const first = await connect({ wsUrl: server.wsUrl, id, key });
  const { session_key: logon } = await first.expect(100, 100);
  await server.kill();
  await first.closed;

  server = await startServer({ dataDir });
  const again = await connect({ wsUrl: server.wsUrl, id, key });
  const restored = await again.first(100);
  assert.deepEqual([restored.restored, restored.session_key, restored.games], [true, logon, []]);
  await again.expect(112, 100);
  await again.close();
});

test('WC11, 1.3: on a fresh process a restored game has its seq, and its source is heard', async () => {
  const house = await openInstallation();
  try {
    const stage = await openStage(house.people);
    const gameId = await openGame(stage);
    await openPool(stage, gameId);
    const alice = await house.people.signUp('alice');
    const alices = await alice.connect();
    const joined = await alices.expect(333, 363, { game_id: gameId });
    await house.server.stop();
    const next = await startServer({ databaseUrl: house.store.url });
    house.people.server = next;
    try {
      const again = await alice.connect();
      assert.deepEqual((await again.first(100)).games, [gameId]);
      const reached = await again.expect(333, 363, { game_id: gameId });
      assert.equal(reached.response_header.seq, joined.response_header.seq);
      const console = await stage.admin.connect();
      await openGame({ ...stage, console });
      await again.first(340);
      await house.people.disperse();
    } finally {
      await next.stop();
    }
  } finally {
    await house.store.drop();
  }
});
