import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestCore, type TestCore } from '../testing/core.ts';
import { MAX_EARLY_EVENTS } from './feed.ts';
import { readEvents } from './log.ts';
import type { Bus, BusMessage, LoggedEvent } from './types.ts';

const append = (core: TestCore, topic: string, data: unknown) =>
  core.database.transaction('append', async (tx) => tx.append({ topic, type: 'x', data }));

function collector(): {
  events: LoggedEvent[];
  listen(events: readonly LoggedEvent[]): void;
  until(count: number): Promise<void>;
} {
  const events: LoggedEvent[] = [];
  let check: () => void = () => undefined;
  return {
    events,
    listen(batch) {
      events.push(...batch);
      check();
    },
    until: (count) =>
      new Promise((resolve) => {
        check = () => events.length >= count && resolve();
        check();
      }),
  };
}

/** A bus between two processes that may lose messages. */
function lossyBus(loses: (message: BusMessage) => boolean): [Bus, Bus] {
  const sides = [new Set<(message: BusMessage) => void>(), new Set<(message: BusMessage) => void>()];
  const side = (own: number): Bus => ({
    publish: (message) => {
      if (loses(message)) return;
      setImmediate(() => {
        for (const fn of sides[1 - own]!) fn(structuredClone(message));
      });
    },
    subscribe(fn) {
      sides[own]!.add(fn);
      return () => sides[own]!.delete(fn);
    },
    healthy: () => true,
    onReconnect: () => () => undefined,
    close: async () => undefined,
  });
  return [side(0), side(1)];
}

test('PF-21: followers get every event of their topic once, in order, from the moment they follow', async () => {
  const core = await createTestCore();
  try {
    await append(core, 't', 0);
    const seen = collector();
    const following = await core.feed.follow('t', seen.listen);
    assert.equal(following.seq, 1);
    await Promise.all(Array.from({ length: 50 }, (_, i) => append(core, 't', i + 1)));
    await seen.until(50);
    assert.deepEqual(
      seen.events.map((event) => event.seq),
      Array.from({ length: 50 }, (_, i) => i + 2),
    );
    following.stop();
    await append(core, 't', 'unheard');
    assert.equal(seen.events.length, 50);
    assert.equal(core.feed.followedTopics, 0);
  } finally {
    await core.close();
  }
});

test('PF-21: what the bus loses is read from the log, also the last events of a topic (DESIGN M7)', async () => {
  let count = 0;
  const [busA, busB] = lossyBus(() => ++count % 3 === 0);
  const core = await createTestCore({ bus: busA });
  const other = core.another(busB);
  try {
    const seen = collector();
    await other.feed.follow('t', seen.listen);
    for (let i = 0; i < 30; i++) await append(core, 't', i);
    // The last message was lost: no later one shows the gap, comparing heads does.
    await other.feed.checkHeads();
    await seen.until(30);
    assert.deepEqual(
      seen.events.map((event) => event.data),
      Array.from({ length: 30 }, (_, i) => i),
    );
  } finally {
    await other.close();
    await core.close();
  }
});

test('PF-21: two processes without a bus hear of each other by comparing heads', async () => {
  const core = await createTestCore();
  const other = core.another();
  try {
    const seen = collector();
    await other.feed.follow('t', seen.listen);
    await append(core, 't', 'a');
    await append(other, 't', 'b');
    await append(core, 't', 'c');
    await other.feed.checkHeads();
    await seen.until(3);
    assert.deepEqual(
      seen.events.map((event) => event.data),
      ['a', 'b', 'c'],
    );
  } finally {
    await other.close();
    await core.close();
  }
});

test('PF-23: a position names the epoch; reading goes on after a seq', async () => {
  const core = await createTestCore();
  try {
    for (const n of [1, 2, 3, 4]) await append(core, 't', n);
    assert.equal(await core.feed.head('t'), 4);
    assert.equal(await core.feed.head('unknown'), 0);
    assert.deepEqual(
      (await readEvents(core.database, 't', 1, 2)).map((event) => event.data),
      [2, 3],
    );
  } finally {
    await core.close();
  }
});

test('PF-21: more events ahead of their turn than are kept are read from the log, none twice', async () => {
  const core = await createTestCore();
  try {
    const seen = collector();
    await core.feed.follow('t', seen.listen);
    const total = MAX_EARLY_EVENTS + 500;
    const ahead = await core.another().database.transaction('append', async (tx) => {
      for (let i = 0; i < total; i++) tx.append({ topic: 't', type: 'x', data: i });
      return await tx.query('select 1');
    });
    assert.equal(ahead.length, 1);
    const logged = await readEvents(core.database, 't', 0, total);
    // The first is missing: everything after it waits, some of it in the log only.
    core.feed.committed(logged.slice(1));
    assert.equal(seen.events.length, 0);
    await seen.until(total);
    assert.deepEqual(
      seen.events.map((event) => event.seq),
      logged.map((event) => event.seq),
    );
  } finally {
    await core.close();
  }
});
