import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestCore, type TestCore } from './testing/core.ts';
import { Upkeep } from './upkeep.ts';

const HOUR_MS = 3_600_000;

function upkeepOf(core: TestCore, maxBytes = 10 * 1024 ** 3): Upkeep {
  const platform = {
    database: core.database,
    ports: core.ports,
    accounts: { purge: async () => undefined },
    settings: { EVENTS_MAX_BYTES: maxBytes },
  };
  return new Upkeep(platform as unknown as ConstructorParameters<typeof Upkeep>[0]);
}

const partitions = async (core: TestCore): Promise<string[]> =>
  (
    await core.database.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1`,
    )
  ).map((row) => row.name);

const append = (core: TestCore, data: unknown) =>
  core.database.transaction('append', async (tx) => tx.append({ topic: 't', type: 'x', data }));

test('PF-77: events lie in partitions of time, made ahead and dropped whole after 72 hours', async () => {
  const core = await createTestCore();
  try {
    const upkeep = upkeepOf(core);
    await append(core, 'before the first round');
    await upkeep.run();
    core.ports.clock.advance(7 * HOUR_MS);
    await append(core, 'in a partition');
    assert.equal(
      (await core.database.query('select 1 from events_default')).length,
      1,
      'only what came before the first round',
    );
    for (let hours = 0; hours < 73; hours += 12) {
      core.ports.clock.advance(12 * HOUR_MS);
      await upkeep.run();
    }
    await append(core, 'fresh');
    assert.deepEqual(
      (await core.feed.read('t', 0, 10)).map((event) => event.data),
      ['fresh'],
    );
    assert.equal(await core.feed.head('t'), 3, 'numbers go on');
    assert.ok((await partitions(core)).length <= 20);
  } finally {
    await core.close();
  }
});

test('PF-77: a log that grows too large loses its oldest partition first', async () => {
  const core = await createTestCore();
  try {
    const upkeep = upkeepOf(core, 1);
    await upkeep.run();
    await append(core, 'old');
    core.ports.clock.advance(20 * HOUR_MS);
    await append(core, 'new');
    await upkeep.run();
    assert.deepEqual(
      (await core.feed.read('t', 0, 10)).map((event) => event.data),
      ['new'],
    );
  } finally {
    await core.close();
  }
});

test('M2: ids of commits are kept for minutes, not for ever', async () => {
  const core = await createTestCore();
  try {
    await append(core, 1);
    await upkeepOf(core).run();
    assert.equal((await core.database.query('select 1 from commits')).length > 0, true);
    core.ports.clock.advance(11 * 60_000);
    await upkeepOf(core).run();
    const rows = await core.database.query<{ at: bigint }>('select at from commits');
    assert.ok(rows.every((row) => Number(row.at) > core.ports.clock.now() - 10 * 60_000));
  } finally {
    await core.close();
  }
});

test('PF-77: a consumer that is left behind by the log is parked, others are not (M8)', async () => {
  const core = await createTestCore();
  try {
    const upkeep = upkeepOf(core);
    await upkeep.prepare();
    for (const topic of ['behind', 'done'])
      await core.database.transaction('append', async (tx) => tx.append({ topic, type: 'x', data: 1 }));
    const position = `insert into consumer_positions (consumer, topic, seq) values ('c', $1, $2)`;
    await core.database.query(position, ['behind', 0]);
    await core.database.query(position, ['done', 1]);
    assert.equal(
      (await core.database.query('select 1 from events_default')).length,
      0,
      'the first events have their partition',
    );
    core.ports.clock.advance(80 * HOUR_MS);
    await upkeep.run();
    const rows = await core.database.query<{ topic: string; parked: boolean }>(
      'select topic, parked_at is not null as parked from consumer_positions order by topic',
    );
    assert.deepEqual(rows, [
      { topic: 'behind', parked: true },
      { topic: 'done', parked: false },
    ]);
  } finally {
    await core.close();
  }
});
