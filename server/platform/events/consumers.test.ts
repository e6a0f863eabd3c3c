import assert from 'node:assert/strict';
import test from 'node:test';
import { Unavailable } from '../errors.ts';
import { Timers } from '../jobs/timers.ts';
import { createTestCore, type TestCore } from '../testing/core.ts';
import { ConsumerRunner, type Step } from './consumers.ts';

type Handler = (step: Step) => Promise<void>;

function runner(core: TestCore, handle: Handler, owner = core.ports.ids.uuid()): ConsumerRunner {
  return new ConsumerRunner({
    definition: { name: 'test', topicPrefix: 'work/', handle },
    ports: core.ports,
    database: core.database,
    owner,
  });
}

const append = (core: TestCore, topic: string, data: unknown) =>
  core.database.transaction('append', async (tx) => tx.append({ topic, type: 'x', data }));

test('PF-22: a consumer sees every event of its topics once, in order, and its cursor moves with its effect', async () => {
  const core = await createTestCore();
  try {
    await core.database.query('create table effects (n int primary key)');
    for (const n of [1, 2, 3]) await append(core, 'work/a', n);
    await append(core, 'other/a', 99);
    let failAt: number | undefined = 2;
    const consumer = runner(core, async (step) => {
      await step.complete('effect', async (tx) => {
        await tx.query('insert into effects (n) values ($1)', [step.event!.data]);
        if (step.event!.data === failAt) throw new Error('not now');
      });
    });
    consumer.start();
    await consumer.idle();
    assert.deepEqual(
      await core.database.query('select n from effects order by n'),
      [{ n: 1 }],
      'stops before what failed',
    );
    failAt = undefined;
    core.ports.clock.advance(60_000);
    await consumer.idle();
    await append(core, 'work/a', 4);
    await consumer.idle();
    assert.deepEqual(
      await core.database.query('select n from effects order by n'),
      [1, 2, 3, 4].map((n) => ({ n })),
    );
    await consumer.stop();
  } finally {
    await core.close();
  }
});

test('PF-22: two processes work on a topic one after the other; a stale one cannot write', async () => {
  const core = await createTestCore();
  const other = core.another();
  try {
    const stalled = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    const done: string[] = [];
    const first = runner(core, async (step) => {
      stalled.resolve();
      await proceed.promise;
      await step.complete('first', async () => void done.push('first'));
    });
    const second = runner(other, async (step) => {
      await step.complete('second', async () => void done.push('second'));
    });
    await append(core, 'work/a', 1);
    first.start();
    await stalled.promise;
    second.start();
    await second.idle();
    assert.deepEqual(done, [], 'the lease is held');
    other.ports.clock.advance(60_000);
    await second.idle();
    assert.deepEqual(done, ['second'], 'an expired lease is taken over');
    proceed.resolve();
    await first.stop();
    assert.deepEqual(done, ['second'], 'the stale owner is fenced off');
    await second.stop();
  } finally {
    await other.close();
    await core.close();
  }
});

test('PF-31: timers of a stream are merged with its events by time, events first (SC2, SC3)', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
    const seen: unknown[] = [];
    const consumer = runner(core, async (step) => {
      seen.push(step.event ? step.event.data : step.timer!.key);
    });
    await core.database.transaction('set', (tx) =>
      timers.set(tx, [
        { kind: 'k', key: 'at 3000', dueAt: 3000, stream: 'work/a' },
        { kind: 'k', key: 'at 2000, later rank', dueAt: 2000, stream: 'work/a', rank: 5 },
        { kind: 'k', key: 'at 2000, first rank', dueAt: 2000, stream: 'work/a', rank: 1 },
        { kind: 'k', key: 'moved', dueAt: 2500, stream: 'work/a' },
        { kind: 'k', key: 'cancelled', dueAt: 2500, stream: 'work/a' },
      ]),
    );
    await core.database.transaction('change', async (tx) => {
      await timers.set(tx, [{ kind: 'k', key: 'moved', dueAt: 9000, stream: 'work/a' }]);
      assert.equal(
        await timers.cancel(tx, [
          { kind: 'k', key: 'cancelled' },
          { kind: 'k', key: 'never set' },
        ]),
        1,
      );
    });
    core.ports.clock.set(2000);
    await append(core, 'work/a', 'event at 2000');
    core.ports.clock.set(2400);
    await append(core, 'work/a', 'event at 2400');
    core.ports.clock.set(5000);
    consumer.start();
    await consumer.idle();
    assert.deepEqual(seen, ['event at 2000', 'at 2000, first rank', 'at 2000, later rank', 'event at 2400', 'at 3000']);
    await consumer.stop();
  } finally {
    await core.close();
  }
});

test('PF-31: a timer gives way to an event that was registered before it was due', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
    await core.database.transaction('set', (tx) =>
      timers.set(tx, [{ kind: 'k', key: 'due', dueAt: 2000, stream: 'work/a' }]),
    );
    const seen: string[] = [];
    const consumer = runner(core, async (step) => {
      if (step.timer && seen.length === 0) {
        // Committed after the runner looked for events and before the timer's own transaction.
        seen.push('chosen too early');
        const late = core.database.transaction('late', async (tx) =>
          tx.append({ topic: 'work/a', type: 'x', data: 'event' }),
        );
        await late;
        await core.database.query(`update events set at = 1999 where topic = 'work/a'`);
      }
      if (step.timer) await step.transaction('check', (tx) => step.giveWayToEarlierEvents(tx));
      seen.push(step.event ? 'event' : 'timer');
    });
    core.ports.clock.set(2000);
    consumer.start();
    await consumer.idle();
    assert.deepEqual(seen, ['chosen too early', 'event', 'timer']);
    await consumer.stop();
  } finally {
    await core.close();
  }
});

test('PF-31: a timer of a stream fires when it is due, without a wait for each far one in memory', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const timers = new Timers({ ports: core.ports, database: core.database, owner: core.ports.ids.uuid() });
    const seen: string[] = [];
    const consumer = runner(core, async (step) => void seen.push(`${step.timer!.key} at ${core.ports.clock.now()}`));
    timers.onSet((stream, dueAt) => consumer.hintTimer(stream!, dueAt));
    consumer.start();
    await consumer.idle();
    const set = (key: string, dueAt: number) => ({ kind: 'k', key, dueAt, stream: `work/${key}` });
    const far = Array.from({ length: 500 }, (_, i) => set(`far ${i}`, 1_000_000 + i));
    await core.database.transaction('set', (tx) => timers.set(tx, [set('soon', 1500), set('later', 8_123), ...far]));
    assert.equal(consumer.waiting, 1, 'only the one that is due soon');
    core.ports.clock.set(1500);
    await consumer.idle();
    core.ports.clock.set(7_000);
    await consumer.idle();
    assert.equal(consumer.waiting, 1, 'the scan before it has found the later one');
    core.ports.clock.set(8_123);
    await consumer.idle();
    assert.deepEqual(seen, ['soon at 1500', 'later at 8123']);
    await consumer.stop();
    assert.equal(consumer.waiting, 0);
  } finally {
    await core.close();
  }
});

test('PF-22: an outage parks no consumer, however often it is tried', async () => {
  const core = await createTestCore();
  try {
    let tries = 0;
    const consumer = runner(core, async () => {
      tries++;
      throw new Unavailable('unavailable', 'not now');
    });
    await append(core, 'work/a', 1);
    consumer.start();
    for (let round = 0; round < 20; round++) {
      await consumer.idle();
      core.ports.clock.advance(60_000);
    }
    assert.ok(tries >= 20, String(tries));
    assert.deepEqual(await core.database.query('select failures, parked_at from consumer_positions'), [
      { failures: 0, parked_at: null },
    ]);
    await consumer.stop();
  } finally {
    await core.close();
  }
});

test('PF-22: a topic that fails for itself is parked, others go on (M8)', async () => {
  const core = await createTestCore();
  try {
    const seen: unknown[] = [];
    const consumer = runner(core, async (step) => {
      if (step.topic === 'work/bad') throw new Error('broken');
      seen.push(step.event!.data);
    });
    await append(core, 'work/bad', 1);
    await append(core, 'work/good', 2);
    consumer.start();
    for (let round = 0; round < 10; round++) {
      await consumer.idle();
      core.ports.clock.advance(60_000);
    }
    const [row] = await core.database.query<{ error: string }>(
      `select error from consumer_positions where topic = 'work/bad' and parked_at is not null`,
    );
    assert.equal(row?.error, 'broken');
    assert.deepEqual(seen, [2]);
    await consumer.stop();
  } finally {
    await core.close();
  }
});

test('PF-22: what finds no room in the queue is found by a later scan', async () => {
  const core = await createTestCore({ nowMs: 1000 });
  try {
    const seen = new Set<string>();
    const handle: Handler = async (step) => void seen.add(step.topic);
    const { ports, database } = core;
    const definition = { name: 'test', topicPrefix: 'work/', handle };
    const consumer = new ConsumerRunner({ definition, ports, database, owner: ports.ids.uuid(), maxQueued: 2 });
    const topics = Array.from({ length: 12 }, (_, i) => `work/${i}`);
    for (const topic of topics) await append(core, topic, 1);
    consumer.start();
    for (const topic of topics) consumer.hint(topic);
    assert.ok(consumer.waiting <= 2, String(consumer.waiting));
    for (const topic of topics) consumer.hintTimer(topic, 1500);
    assert.ok(consumer.waiting <= 4, String(consumer.waiting));
    while (seen.size < topics.length) {
      await consumer.idle();
      core.ports.clock.advance(1_000);
    }
    await consumer.stop();
  } finally {
    await core.close();
  }
});
