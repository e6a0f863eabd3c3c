import assert from 'node:assert/strict';
import test from 'node:test';
import { pino } from 'pino';
import { Conflict, Unavailable } from '../errors.ts';
import { SeededRandom } from '../testing/random.ts';
import { Batcher, type Outcome } from './batcher.ts';

const ports = { log: pino({ level: 'silent' }), ids: new SeededRandom('batcher') };

function gate(): { open(): void; passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, passed: promise };
}

test('commands that come while a batch is written make the next batch, in order', async () => {
  const batches: number[][] = [];
  const first = gate();
  const batcher = new Batcher<number, number>({
    name: 't',
    ports,
    lanes: 1,
    keyOf: () => 'one',
    async run(commands) {
      batches.push([...commands]);
      if (batches.length === 1) await first.passed;
      return commands.map((answer) => ({ answer: answer * 10 }));
    },
  });
  const answers = [batcher.submit(1)];
  await new Promise(setImmediate);
  answers.push(batcher.submit(2), batcher.submit(3));
  first.open();
  assert.deepEqual(await Promise.all(answers), [10, 20, 30]);
  assert.deepEqual(batches, [[1], [2, 3]]);
  assert.equal(await batcher.submit(4), 40, 'an idle lane starts again');
  assert.equal(batcher.waiting, 0);
});

test('M1: a refused command hurts no other, and a broken one is isolated', async () => {
  let runs = 0;
  const batcher = new Batcher<number, number>({
    name: 't',
    ports,
    lanes: 1,
    keyOf: () => 'one',
    async run(commands) {
      runs++;
      if (commands.includes(66)) throw new Error('constraint');
      return commands.map(
        (n): Outcome<number> => (n < 0 ? { refused: new Conflict('negative', 'no') } : { answer: n }),
      );
    },
  });
  const numbers = [...Array(64).keys(), 66, -1];
  const results = await Promise.allSettled(numbers.map((n) => batcher.submit(n)));
  assert.deepEqual(
    results.slice(0, 64).map((result) => (result as PromiseFulfilledResult<number>).value),
    numbers.slice(0, 64),
  );
  assert.match(String((results[64] as PromiseRejectedResult).reason), /constraint/);
  assert.equal((results[65] as PromiseRejectedResult).reason.code, 'negative');
  assert.ok(runs <= 2 * Math.ceil(Math.log2(66)) + 1, `halved, not one by one: ${runs} runs`);
});

test('a full queue answers at once that it is busy', async () => {
  const hold = gate();
  const batcher = new Batcher<number, number>({
    name: 't',
    ports,
    lanes: 1,
    maxWaiting: 3,
    keyOf: () => 'one',
    run: async (commands) => {
      await hold.passed;
      return commands.map((answer) => ({ answer }));
    },
  });
  const waiting = [1, 2, 3].map((n) => batcher.submit(n));
  await assert.rejects(batcher.submit(4), (error) => error instanceof Unavailable && error.retryAfterMs > 0);
  hold.open();
  assert.deepEqual(await Promise.all(waiting), [1, 2, 3]);
});

test('an outage refuses the whole batch without tearing it apart', async () => {
  let runs = 0;
  const batcher = new Batcher<number, number>({
    name: 't',
    ports,
    lanes: 1,
    keyOf: () => 'one',
    async run() {
      runs++;
      throw new Unavailable('database_unavailable', 'away');
    },
  });
  const results = await Promise.allSettled([1, 2, 3].map((n) => batcher.submit(n)));
  assert.ok(results.every((result) => result.status === 'rejected'));
  assert.equal(runs, 1);
});
