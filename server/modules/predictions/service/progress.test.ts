import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openWorld, type World } from './testing.ts';
import { TestProcess } from './testing-process.ts';

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
  const outcome = await world.outlast(idle.closing.closeGame(match.admin, match.gameId, false));
  assert.equal(outcome.status, 'fulfilled');
  await idle.stop();
  await world.checkInvariants();
});
