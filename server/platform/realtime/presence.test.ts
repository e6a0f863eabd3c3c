import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { asset } from '../config/asset.ts';
import { PostgresDatabase } from '../database/database.ts';
import type { Clock } from '../ports.ts';
import { ManualClock } from '../testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { createPresence, type Presence, type PresenceChange } from './presence.ts';
import { silentPorts, until } from './test-kit.ts';

const ALICE = '0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10';
const BOB = '1f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d11';
const NEVER_MS = 3_600_000;

let testDatabase: TestDatabase;
let database: PostgresDatabase;

before(async () => {
  testDatabase = await createTestDatabase({ migrationsFolder: asset('server/migrations'), owners: ['platform'] });
  database = new PostgresDatabase({ ports: silentPorts, pool: testDatabase.pool });
});
after(() => testDatabase.drop());

/** The presence of one process of the installation. */
async function start(clock: Clock, settings: { heartbeatMs?: number; deadAfterMs?: number } = {}) {
  const presence = createPresence(
    { database, ports: { ...silentPorts, clock } },
    { heartbeatMs: NEVER_MS, deadAfterMs: 15_000, flushEveryMs: 5, ...settings },
  );
  const changes: PresenceChange[] = [];
  presence.onChange((some) => changes.push(...some));
  await presence.start();
  return { presence, changes };
}

async function settled(reader: Presence, topic: string, connections: number): Promise<void> {
  while ((await reader.read(topic)).connections !== connections);
}

test('PF-27 who is there, over processes; joined and left are told once', async () => {
  const clock = new ManualClock();
  const [one, two] = await Promise.all([start(clock), start(clock)]);
  const topic = 'test/two';
  one.presence.join(topic, ALICE);
  one.presence.join(topic, ALICE);
  one.presence.join(topic, null);
  assert.deepEqual(await one.presence.read(topic), {
    accounts: 1,
    connections: 3,
    accountIds: [ALICE],
    truncated: false,
  });
  await settled(two.presence, topic, 3);
  two.presence.join(topic, ALICE);
  two.presence.join(topic, BOB);
  await settled(one.presence, topic, 5);
  assert.deepEqual((await one.presence.read(topic)).accountIds, [ALICE, BOB]);
  one.presence.leave(topic, ALICE);
  one.presence.leave(topic, ALICE);
  one.presence.leave(topic, null);
  await settled(two.presence, topic, 2);
  two.presence.leave(topic, ALICE);
  await until(() => two.changes.length === 2);
  const told = [...one.changes, ...two.changes].map(({ kind, accountId }) => [kind, accountId]);
  assert.deepEqual(told, [
    ['joined', ALICE],
    ['joined', BOB],
    ['left', ALICE],
  ]);
  await two.presence.stop();
  assert.deepEqual(
    two.changes.at(-1),
    { topic, accountId: BOB, kind: 'left' },
    'a process that stops takes its own along',
  );
  assert.equal((await one.presence.read(topic)).connections, 0);
  await one.presence.stop();
  assert.deepEqual(await database.query('select 1 from processes'), []);
});

test('PF-27 many at once, from both sides, come out even', async () => {
  const clock = new ManualClock();
  const sides = await Promise.all([start(clock), start(clock)]);
  const topic = 'test/crowd';
  for (let i = 0; i < 3_000; i++) {
    const accountId = `00000000-0000-4000-8000-${String(i % 1_500).padStart(12, '0')}`;
    sides[i % 2]!.presence.join(topic, accountId);
    if (i % 6 === 0) sides[i % 2]!.presence.leave(topic, accountId);
  }
  await settled(sides[0]!.presence, topic, 2_500);
  const seen = await sides[1]!.presence.read(topic);
  assert.deepEqual([seen.accountIds.length, seen.truncated, seen.accounts], [1_000, true, 1_250]);
  await Promise.all(sides.map((side) => side.presence.stop()));
  const balance = new Map<string, number>();
  for (const { kind, accountId } of sides.flatMap((side) => side.changes)) {
    balance.set(accountId, (balance.get(accountId) ?? 0) + (kind === 'joined' ? 1 : -1));
  }
  assert.ok(
    [...balance.values()].every((sum) => sum === 0),
    'as many left as joined',
  );
});

test('PF-27 a silent process is not counted, is buried by another, and comes back whole', async () => {
  const clock = new ManualClock();
  const quiet = await start(clock);
  const topic = 'test/quiet';
  quiet.presence.join(topic, ALICE);
  const other = await start(clock, { heartbeatMs: 20 });
  await settled(other.presence, topic, 1);
  clock.advance(15_001);
  assert.equal((await other.presence.read(topic)).connections, 0);
  await until(() => other.changes.length === 1);
  assert.deepEqual(other.changes, [{ topic, accountId: ALICE, kind: 'left' }]);
  await quiet.presence.start();
  await settled(other.presence, topic, 1);
  await until(() => quiet.changes.length === 2);
  assert.deepEqual(
    quiet.changes.map(({ kind }) => kind),
    ['joined', 'joined'],
  );
  await quiet.presence.stop();
  await other.presence.stop();
});

test('PF-27 a killed process is cleaned up after', async () => {
  const topic = 'test/killed';
  const watcher = await start(silentPorts.clock, { heartbeatMs: 50, deadAfterMs: 1_000 });
  const child = spawn(
    process.execPath,
    [asset('server/platform/realtime/presence-process.ts'), testDatabase.url, topic, '50', '1000', ALICE, BOB],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  assert.deepEqual(await watcher.presence.read(topic), {
    accounts: 2,
    connections: 3,
    accountIds: [ALICE, BOB],
    truncated: false,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => watcher.changes.length === 2);
  assert.deepEqual(watcher.changes.map(({ kind, accountId }) => [kind, accountId]).sort(), [
    ['left', ALICE],
    ['left', BOB],
  ]);
  assert.equal((await watcher.presence.read(topic)).connections, 0);
  assert.deepEqual(await database.query('select 1 from presence where topic = $1', [topic]), []);
  await watcher.presence.stop();
});
