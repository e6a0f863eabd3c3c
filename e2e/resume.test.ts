// A subscriber that loses its connection gets every missed event once and in order: over both wires, on the same process or another one,
// with Redis, without, and with Redis killed during the last event (PF-21, PF-23, PF-24, DESIGN M7).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createStore, type Store } from './support/installation.ts';
import { openGame, openPool, openStage, type Stage } from './support/match.ts';
import { People } from './support/people.ts';
import { NativeReader, type Reader, StreamReader } from './support/readers.ts';
import { type OwnRedis, startRedis } from './support/redis.ts';
import { type ServerOptions, startServer, type TestServer } from './support/server.ts';

/** Two processes of one installation, and a match whose admin is connected to the first. */
class Pair {
  readonly store: Store;
  readonly first: TestServer;
  readonly second: TestServer;
  readonly people: People;
  stage!: Stage;
  gameId = '';
  #poolId = '';
  #isBlocked = false;

  private constructor(store: Store, [first, second]: [TestServer, TestServer]) {
    this.store = store;
    this.first = first;
    this.second = second;
    this.people = new People(first, store.pool);
  }

  static async open(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
    const store = await createStore();
    const pair = new Pair(store, await startTwo({ databaseUrl: store.url, env }));
    pair.stage = await openStage(pair.people);
    pair.gameId = await openGame(pair.stage);
    pair.#poolId = await openPool(pair.stage, pair.gameId);
    return pair;
  }

  get topic(): string {
    return `predictions/game/${this.gameId}`;
  }

  readers(): Reader[] {
    return [new NativeReader(this.topic), new StreamReader(this.topic)];
  }

  /** Makes this many events, one after the other, on the first process; returns the seq of the last. */
  async makeEvents(count: number): Promise<number> {
    let seq = 0;
    for (let made = 0; made < count; made++) {
      const [res, op] = this.#isBlocked ? [369, 398] : [368, 397];
      const told = await this.stage.console.expect(res!, op!, { pool_id: this.#poolId });
      this.#isBlocked = !this.#isBlocked;
      seq = told.response_header.seq!;
    }
    return seq;
  }

  /** A reader must have had every event of the log after the one it began with, each once, in order, up to `seq`. */
  async assertWhole({ wire, got, firstSeq }: Reader, seq: number): Promise<void> {
    await got.first(`${wire}: event ${seq}`, (event) => event.seq >= seq);
    const { rows } = await this.store.pool.query(
      'select seq, type from events where topic = $1 and seq > $2 and seq <= $3 order by seq',
      [this.topic, firstSeq, seq],
    );
    const logged = rows.map((row: { seq: string; type: string }) => ({ seq: Number(row.seq), type: row.type }));
    assert.deepEqual(
      got.all.map((event) => ({ seq: event.seq, type: event.type })),
      logged,
      wire,
    );
  }

  async close(): Promise<void> {
    await this.people.disperse();
    await Promise.all([this.first, this.second].map((server) => (server.hasEnded ? undefined : server.stop())));
    await this.store.drop();
  }
}

/** Both at once, as after a power failure. */
async function startTwo(options: ServerOptions): Promise<[TestServer, TestServer]> {
  const [first, second] = await Promise.allSettled([startServer(options), startServer(options)]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  for (const one of [first, second]) if (one.status === 'fulfilled') await one.value.kill();
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
}

/** Readers of a topic, with and without Redis. */
function testReaders(pair: () => Pair): void {
  test('it comes back to the same process', async () => {
    for (const reader of pair().readers()) {
      await reader.open(pair().first);
      await pair().makeEvents(2);
      await reader.lose();
      await pair().makeEvents(3);
      await reader.open(pair().first);
      await pair().assertWhole(reader, await pair().makeEvents(2));
      await reader.lose();
    }
  });

  test('it comes back to the other process, and again to the first', async () => {
    const readers = pair().readers();
    for (const reader of readers) {
      await reader.open(pair().first);
      const seq = await pair().makeEvents(2);
      // Its last event may be one that the other process has not heard of yet.
      await reader.got.first(`event ${seq}`, (event) => event.seq === seq);
      await reader.lose();
      await reader.open(pair().second);
      await pair().makeEvents(3);
      await reader.lose();
      await pair().makeEvents(3);
      await reader.open(pair().first);
      await pair().assertWhole(reader, await pair().makeEvents(1));
      await reader.lose();
    }
  });

  test('one that stays on the other process misses nothing, and resumes while events are made', async () => {
    const [steady, restless] = [pair().readers(), pair().readers()];
    for (const reader of [...steady, ...restless]) await reader.open(pair().second);
    const making = pair().makeEvents(30);
    for (let round = 0; round < 3; round++) {
      for (const reader of restless) {
        await reader.lose();
        await reader.open(round % 2 === 0 ? pair().first : pair().second);
      }
    }
    const last = await making;
    for (const reader of [...steady, ...restless]) {
      await pair().assertWhole(reader, last);
      await reader.lose();
    }
  });
}

/** The opcode wire over two processes, with and without Redis. */
function testPlayers(pair: () => Pair): void {
  test('settled on one process, told on the other: 366, 362, 815, 352; the balance to who has not joined, too', async () => {
    const { people, stage, second } = pair();
    const gameId = await openGame(stage);
    const poolId = await openPool(stage, gameId, { recreate_on_end: true });
    const [alice, bob] = [await people.signUp('alice'), await people.signUp('bob')];
    const [joined, aside] = [await alice.connect({ on: second }), await bob.connect({ on: second })];
    await joined.expect(333, 363, { game_id: gameId });
    for (const client of [joined, aside]) {
      await client.expect(356, 392, { pool_id: poolId, target: client === joined ? 'chile' : 'peru', amount: 5 });
      await client.first(815);
    }
    await joined.some(361, 2);
    const from = [joined.mark(), aside.mark()] as const;
    await stage.console.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
    const messages = await joined.receives([366, 362, 815, 352], from[0]);
    assert.deepEqual(messages[1]!.winners, { [alice.id]: 5 });
    assert.equal(messages[2]!.current_balance, 1005);
    const [balance] = await aside.receives([815], from[1]);
    assert.equal(balance!.current_balance, 995);
  });

  test('a logout on one process cuts the connections of that key on the other (PF-72)', async () => {
    const alice = await pair().people.signUp('alice');
    const elsewhere = await alice.connect({ on: pair().second });
    assert.equal((await alice.rest.post('/r/logout/')).status, 200);
    assert.equal((await elsewhere.closed).code, 4403);
  });

  test('an opcode connection lost on one process is restored on the other (WS10)', async () => {
    const { people, gameId, second, stage } = pair();
    const alice = await people.signUp('alice');
    const nonce = 'kept';
    const lost = await alice.connect({ nonce });
    await lost.expect(333, 363, { game_id: gameId });
    await lost.cut();
    const back = await alice.connect({ nonce, on: second });
    assert.deepEqual((await back.first(100)).games, [gameId]);
    await stage.console.expect(342, 372, { game_id: gameId });
    const from = back.mark();
    await pair().makeEvents(1);
    await back.inbox.first('368 or 369', ({ res }) => res === 368 || res === 369, from);
    await back.expect(334, 364, { game_id: gameId });
  });
}

describe('without Redis', () => {
  let pair: Pair;
  before(async () => {
    pair = await Pair.open();
  });
  after(async () => await pair?.close());

  testReaders(() => pair);
  testPlayers(() => pair);

  test('the process is killed: its readers go on at the other one', async () => {
    const readers = pair.readers();
    for (const reader of readers) await reader.open(pair.first);
    const alice = await pair.people.signUp('alice');
    const alices = await alice.connect({ nonce: 'kept' });
    await alices.expect(333, 363, { game_id: pair.gameId });
    const seq = await pair.makeEvents(3);
    await pair.first.kill();
    for (const reader of readers) {
      await reader.lose();
      await reader.open(pair.second);
      await pair.assertWhole(reader, seq);
      await reader.lose();
    }
    pair.people.server = pair.second;
    const back = await alice.connect({ nonce: 'kept' });
    assert.deepEqual((await back.first(100)).games, [pair.gameId]);
    // The survivor takes over the dead one's work.
    const admins = await pair.stage.admin.connect();
    const from = back.mark();
    await admins.expect(366, 395, { game_id: pair.gameId, action_id: 'goal', target_id: 'chile:11' });
    await back.first(362, from);
  });
});

describe('with Redis', () => {
  let redis: OwnRedis;
  let pair: Pair;
  before(async () => {
    redis = await startRedis();
    pair = await Pair.open({ REDIS_URL: redis.url });
  });
  after(async () => {
    await pair?.close();
    await redis.kill();
  });

  testReaders(() => pair);
  testPlayers(() => pair);

  test('Redis is killed during the last event', async () => {
    const readers = pair.readers();
    for (const reader of readers) await reader.open(pair.second);
    await pair.makeEvents(2);
    // What is sent to it now is lost with it: no later event shows the hole.
    redis.freeze();
    const last = await pair.makeEvents(1);
    await redis.kill();
    for (const reader of readers) {
      await pair.assertWhole(reader, last);
      await reader.lose();
      await reader.open(pair.first);
      await pair.assertWhole(reader, await pair.makeEvents(1));
      await reader.lose();
    }
  });
});
