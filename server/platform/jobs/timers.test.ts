import assert from 'node:assert/strict';
import test from 'node:test';
import { Unavailable } from '../errors.ts';
import { createTestCore } from '../testing/core.ts';
import { Timers } from './timers.ts';

test('PF-31: timers fire in due order after a downtime, once, together with their effect', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const fired: string[] = [];
    const make = () => {
      const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
      timers.handle('k', async (_tx, timer) => void fired.push(`${timer.key}:${JSON.stringify(timer.data)}`));
      return timers;
    };
    const before = make();
    await core.database.transaction('set', (tx) =>
      before.set(tx, [
        { kind: 'k', key: 'third', dueAt: 5000 },
        { kind: 'k', key: 'first', dueAt: 2000, data: { a: 1 } },
        { kind: 'k', key: 'second', dueAt: 3000 },
        { kind: 'k', key: 'far', dueAt: 1000 + 40 * 86_400_000 },
      ]),
    );
    core.ports.clock.set(10_000);
    const after = make();
    after.start();
    await after.idle();
    await after.idle();
    assert.deepEqual(fired, ['first:{"a":1}', 'second:null', 'third:null']);
    await after.stop();
    assert.equal((await core.database.query('select 1 from timers')).length, 1, 'the far one waits');
  } finally {
    await core.close();
  }
});

test('PF-31: an outage parks no timer, however often it is tried', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
    let isAway = true;
    let fired = 0;
    timers.handle('k', async () => {
      if (isAway) throw new Unavailable('unavailable', 'not now');
      fired++;
    });
    await core.database.transaction('set', (tx) => timers.set(tx, [{ kind: 'k', key: 'a', dueAt: 1000 }]));
    timers.start();
    for (let round = 0; round < 30; round++) {
      await timers.idle();
      core.ports.clock.advance(1_000);
    }
    assert.deepEqual(await core.database.query('select failures, parked_at from timers'), [
      { failures: 0, parked_at: null },
    ]);
    isAway = false;
    await timers.idle();
    assert.equal(fired, 1);
    await timers.stop();
  } finally {
    await core.close();
  }
});

test('PF-31: a failing timer does not stop the others and is parked after its last try', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
    const fired: string[] = [];
    timers.handle('bad', async () => {
      throw new Error('broken');
    });
    timers.handle('good', async (_tx, timer) => void fired.push(timer.key));
    await core.database.transaction('set', (tx) =>
      timers.set(tx, [
        { kind: 'bad', key: 'b', dueAt: 1000 },
        { kind: 'good', key: 'g', dueAt: 1001 },
      ]),
    );
    core.ports.clock.set(2000);
    timers.start();
    await timers.idle();
    assert.deepEqual(fired, ['g'], 'the other one does not wait');
    const failures = async () =>
      (await core.database.query<{ failures: number }>(`select failures from timers where kind = 'bad'`))[0]!.failures;
    assert.ok((await failures()) < 3, 'tried once a round, not until it is parked');
    while ((await failures()) < 10) {
      core.ports.clock.advance(1_000);
      await timers.idle();
    }
    const [row] = await core.database.query<{ error: string; parked_at: bigint }>(
      `select error, parked_at from timers where kind = 'bad'`,
    );
    assert.equal(row!.error, 'broken');
    assert.equal(row!.parked_at, BigInt(core.ports.clock.now()));
    await timers.stop();
  } finally {
    await core.close();
  }
});
