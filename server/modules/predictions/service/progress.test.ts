import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWorld, TestProcess, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.close());

test('a close is answered also when another process holds the Resolver', async () => {
  const match = await world.match();
  await match.pool();
  await world.settle();
  // Its runner never starts: only the database tells it how far the other one is.
  const idle = new TestProcess({ store: world.store, clock: world.clock, seed: 'idle' });
  const closing = idle.closing.closeGame(match.admin, match.gameId, false);
  let isAnswered = false;
  void closing.finally(() => (isAnswered = true));
  while (!isAnswered) {
    await world.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual((await closing).body, { game_id: match.gameId });
  await idle.stop();
  await world.checkInvariants();
});
