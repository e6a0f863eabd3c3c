import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { Timers } from '../../../platform/jobs/timers.ts';
import { AttendanceService } from './attendance.ts';
import { openWorld, refused, type TestMatch, type World } from './testing.ts';

const WINDOW_MS = 900_000;

let world: World;
let match: TestMatch;

before(async () => {
  world = await openWorld();
  match = await world.match();
});

after(() => world.end());

/** One process of the wire; ids of processes and connections are made up. */
function wireProcess() {
  const { deps } = world.process;
  const processId = deps.ports.ids.uuid();
  const timers = new Timers({ ports: deps.ports, database: deps.database, owner: processId });
  return { processId, attendance: new AttendanceService({ ...deps, timers }, processId) };
}

async function seat(attendance: AttendanceService, player: AccountPrincipal, nonce: string) {
  const id = world.process.ports.ids.uuid();
  const restored = await attendance.enter(id, player.accountId, nonce);
  return { id, restored };
}

async function left(player: AccountPrincipal): Promise<number> {
  return (await match.told(480)).filter((body) => body.user_id === player.accountId).length;
}

test('WS10: after a kill of the only process everything waits for its players, under any nonce, with the sources they hear', async () => {
  const player = await world.player();
  const killed = wireProcess();
  const first = await seat(killed.attendance, player, 'n1');
  await killed.attendance.loggedOn(first.id, world.process.ports.ids.uuid());
  await killed.attendance.join(player, first.id, match.gameId);

  const { attendance } = wireProcess();
  assert.equal(await attendance.dropOrphans(() => false), 1);
  const { restored } = await seat(attendance, player, 'n2');
  assert.deepEqual([restored?.games, restored?.sources], [[match.gameId], [match.sourceId]]);
  assert.notEqual(restored?.logonId, null);
  assert.equal(await left(player), 0);
});

test('WS10: a reconnect may overtake the news of the drop when it comes with the same nonce', async () => {
  const player = await world.player();
  const { attendance } = wireProcess();
  const first = await seat(attendance, player, 'n1');
  await attendance.join(player, first.id, match.gameId);
  const second = await seat(attendance, player, 'n1');
  assert.deepEqual(second.restored?.games, [match.gameId]);
  await attendance.drop(first.id, player.accountId);
  await attendance.drop(second.id, player.accountId);
  world.clock.advance(WINDOW_MS + 1);
  const late = await seat(attendance, player, 'n1');
  assert.equal(late.restored, null, 'the nonce is spent (WS6)');
});

test('op 364: a game that was not joined is 6622', async () => {
  const player = await world.player();
  const { attendance } = wireProcess();
  const { id } = await seat(attendance, player, 'n1');
  await refused(attendance.leave(player, id, match.gameId), 'not_subscribed');
  await attendance.join(player, id, match.gameId);
  assert.ok(await attendance.leave(player, id, match.gameId.toUpperCase()));
});
