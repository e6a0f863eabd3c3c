import assert from 'node:assert/strict';
import test from 'node:test';
import { Unavailable } from '../errors.ts';
import { createTestCore } from '../testing/core.ts';
import { PostgresDatabase } from './database.ts';
import { openPool } from './pool.ts';
import type { DatabaseFaults, LockTable } from './types.ts';

const LOW: LockTable = { name: 'topics', key: 'topic', keyType: 'text', rank: 1 };
const HIGH: LockTable = { name: 'leases', key: 'name', keyType: 'text', rank: 2 };

test('PF-20: events of a transaction are numbered per topic without holes, and vanish with a rollback', async () => {
  const core = await createTestCore();
  try {
    const write = (n: number, fail = false) =>
      core.database.transaction('write', async (tx) => {
        const refs = ['b', 'a', 'b'].map((topic) => tx.append({ topic, type: 'x', data: { n } }));
        if (fail) throw new Error('no');
        return refs;
      });
    const first = await write(1);
    await assert.rejects(write(2, true), /no/);
    const third = await write(3);
    assert.deepEqual(
      first.map((ref) => ref.seq),
      [1, 1, 2],
    );
    assert.deepEqual(
      third.map((ref) => ref.seq),
      [3, 2, 4],
    );
    assert.deepEqual(
      (await core.feed.read('b', 0, 10)).map((event) => [event.seq, event.data]),
      [
        [1, { n: 1 }],
        [2, { n: 1 }],
        [3, { n: 3 }],
        [4, { n: 3 }],
      ],
    );
  } finally {
    await core.close();
  }
});

test('PF-20: concurrent transactions keep commit order within a topic', async () => {
  const core = await createTestCore();
  try {
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        core.database.transaction('write', async (tx) => {
          // Ids are taken long before commit and in another order.
          await tx.query('select pg_sleep($1)', [((i * 7) % 10) / 500]);
          tx.append({ topic: 't', type: 'x', data: i });
        }),
      ),
    );
    const events = await core.feed.read('t', 0, 100);
    assert.deepEqual(
      events.map((event) => event.seq),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    assert.equal(new Set(events.map((event) => event.data)).size, 40);
  } finally {
    await core.close();
  }
});

test('PF-51: a connection lost at COMMIT is looked up, not guessed (DESIGN M2)', async () => {
  const fault: { at?: 'before' | 'after' } = {};
  const lost = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  const faults: DatabaseFaults = {
    beforeCommit: () => {
      if (fault.at !== 'before') return;
      fault.at = undefined;
      throw lost();
    },
    afterCommit: () => {
      if (fault.at !== 'after') return;
      fault.at = undefined;
      throw lost();
    },
  };
  const core = await createTestCore({ faults });
  try {
    for (const at of ['before', 'after'] as const) {
      fault.at = at;
      let runs = 0;
      const ref = await core.database.transaction('write', async (tx) => {
        runs++;
        return tx.append({ topic: at, type: 'x', data: null });
      });
      assert.equal(ref.seq, 1);
      assert.equal(runs, at === 'before' ? 2 : 1);
      assert.equal((await core.feed.read(at, 0, 10)).length, 1);
      assert.equal(core.committed.filter((event) => event.topic === at).length, 1, 'told once');
    }
  } finally {
    await core.close();
  }
});

test('PF-51: a session killed by the server in the middle of a transaction is tried again', async () => {
  const core = await createTestCore();
  try {
    let runs = 0;
    await core.database.transaction('write', async (tx) => {
      const [session] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      tx.append({ topic: 't', type: 'x', data: null });
      if (++runs === 1) await core.database.query('select pg_terminate_backend($1)', [session!.pid]);
    });
    assert.equal(runs, 2);
    assert.equal((await core.feed.read('t', 0, 10)).length, 1);
  } finally {
    await core.close();
  }
});

test('M3: a lock of lower rank after one of higher rank is refused', async () => {
  const core = await createTestCore();
  try {
    await core.database.transaction('right', async (tx) => {
      await tx.lock(LOW, 'topic', ['a']);
      await tx.lock(HIGH, 'name', ['a']);
    });
    const wrong = core.database.transaction('wrong', async (tx) => {
      await tx.lock(HIGH, 'name', ['a']);
      await tx.lock(LOW, 'topic', ['a']);
    });
    await assert.rejects(wrong, /lock order: topics \(rank 1\) after leases \(rank 2\)/);
    await core.database.transaction('again, and onwards', async (tx) => {
      await tx.lock(LOW, 'topic', ['b', 'a']);
      await tx.lock(LOW, 'topic', ['a', 'c']);
    });
    const backwards = core.database.transaction('backwards', async (tx) => {
      await tx.lock(LOW, 'topic', ['b']);
      await tx.lock(LOW, 'topic', ['a']);
    });
    await assert.rejects(backwards, /lock order: row a of topics after b/);
  } finally {
    await core.close();
  }
});

test('int8 arrives as bigint, in arrays too', async () => {
  const core = await createTestCore();
  try {
    const [row] = await core.database.query<{ one: bigint; many: bigint[] }>(
      'select 9007199254740993::int8 as one, array[1, 9007199254740993]::int8[] as many',
    );
    assert.deepEqual(row, { one: 9007199254740993n, many: [1n, 9007199254740993n] });
  } finally {
    await core.close();
  }
});

test('a crowd that waits for the database is bounded: who comes too late is told so at once', async () => {
  const core = await createTestCore();
  const pool = openPool({ connectionString: core.url }, { max: 1, onIdleError: () => undefined });
  const database = new PostgresDatabase({ ports: core.ports, pool });
  try {
    const letGo = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const holder = database.withConnection(async () => {
      taken.resolve();
      await letGo.promise;
    });
    await taken.promise;
    const waiting: Promise<unknown>[] = [];
    while (database.connections.waiting < 2_048) waiting.push(database.query('select 1'));
    const isBusy = (error: unknown) => error instanceof Unavailable && error.code === 'busy';
    await assert.rejects(database.query('select 1'), isBusy);
    await assert.rejects(
      database.transaction('x', async () => 1),
      isBusy,
    );
    letGo.resolve();
    await holder;
    await Promise.all(waiting);
  } finally {
    await pool.end();
    await core.close();
  }
});
