import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoggedEvent } from '../events/types.ts';
import { SeededRandom } from '../testing/random.ts';
import { createChannel, MAX_REPLAY_EVENTS } from './channel.ts';
import { ArrayFeed, turn, until } from './test-kit.ts';
import type { Frame, Outlet, Subscriber } from './types.ts';

const TOPIC = 'test/topic';

/** Keeps the seqs it is sent. */
class Listener implements Subscriber, Outlet {
  readonly seqs: number[] = [];
  readonly newest: number[] = [];
  readonly pendingBytes = 0;
  readonly outlet = this;

  send(frame: Frame): void {
    for (const line of frame.toString().trim().split('\n')) this.seqs.push(Number(line));
  }
  sendNewest(_key: string, frame: Frame): void {
    this.newest.push(Number(frame));
  }
  sendUncounted(frame: Frame): void {
    this.send(frame);
  }
  async drained(): Promise<void> {}
}

const encode = (event: LoggedEvent) => Buffer.from(`${event.seq}\n`);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('PF-25 an event is encoded once, whoever listens', async () => {
  const feed = new ArrayFeed();
  let encodings = 0;
  const channel = createChannel(feed, TOPIC, (event) => {
    encodings++;
    return encode(event);
  });
  const listeners = Array.from({ length: 50 }, () => new Listener());
  for (const listener of listeners) (await channel.hold(listener)).start(0);
  feed.append(TOPIC, 'a', 'b');
  assert.equal(encodings, 2);
  for (const listener of listeners) assert.deepEqual(listener.seqs, [1, 2]);
});

test('PF-23 joining while events flow: every event after the told seq, once, in order', async () => {
  const random = new SeededRandom('channel-join');
  const feed = new ArrayFeed();
  const isSlow = () => random.fraction() < 0.3;
  const channel = createChannel(feed, TOPIC, (event) => (isSlow() ? turn().then(() => encode(event)) : encode(event)));
  const joined: { listener: Listener; told: number }[] = [];
  const join = async () => {
    const listener = new Listener();
    const seat = await channel.hold(listener);
    for (let waits = random.below(4); waits > 0; waits--) await turn();
    // A snapshot may be older or newer than the seat; the log may be ahead of what the channel has told.
    const head = await feed.head(TOPIC);
    const told = Math.max(0, random.pick([seat.seq, head, seat.seq - 5]));
    const replay = await channel.replay(told, seat.seq);
    for (const frame of replay!) listener.send(frame);
    assert.ok(seat.start(Math.max(told, seat.seq)));
    joined.push({ listener, told });
  };
  const joining: Promise<void>[] = [];
  for (let round = 0; round < 400; round++) {
    feed.append(TOPIC, ...range(1, 1 + random.below(4)));
    if (random.fraction() < 0.5) joining.push(join());
    if (random.fraction() < 0.7) await turn();
  }
  await Promise.all(joining);
  const head = await feed.head(TOPIC);
  await until(() => joined.every(({ listener, told }) => listener.seqs.length >= head - told));
  for (const { listener, told } of joined) assert.deepEqual(listener.seqs, range(told + 1, head));
});

test('PF-23 a place ahead of the channel waits for the channel to come past it', async () => {
  const feed = new ArrayFeed();
  const channel = createChannel(feed, TOPIC, encode);
  const [ahead, live] = [new Listener(), new Listener()];
  (await channel.hold(live)).start(0);
  (await channel.hold(ahead)).start(3);
  feed.append(TOPIC, 1, 2);
  assert.deepEqual(ahead.seqs, []);
  feed.append(TOPIC, 3, 4);
  feed.append(TOPIC, 5);
  assert.deepEqual(ahead.seqs, [4, 5]);
  assert.deepEqual(live.seqs, [1, 2, 3, 4, 5]);
});

test('PF-23 replay is whole or nothing', async () => {
  const feed = new ArrayFeed();
  feed.append(TOPIC, ...range(1, MAX_REPLAY_EVENTS + 5));
  const channel = createChannel(feed, TOPIC, encode);
  assert.deepEqual((await channel.replay(5, 7))?.map(String), ['6\n', '7\n']);
  assert.deepEqual(await channel.replay(7, 7), []);
  assert.equal((await channel.replay(0, MAX_REPLAY_EVENTS))?.length, MAX_REPLAY_EVENTS);
  assert.equal(await channel.replay(0, MAX_REPLAY_EVENTS + 1), null, 'too many events');
  feed.forgottenUpTo = 10;
  assert.equal(await channel.replay(9, 20), null, 'history is gone');
  assert.equal((await channel.replay(10, 20))?.length, 10);
  const heavy = createChannel(feed, TOPIC, () => Buffer.alloc(600_000));
  assert.equal(await heavy.replay(10, 12), null, 'more than 1 MiB');
});

test('the topic is followed only while somebody listens', async () => {
  const feed = new ArrayFeed();
  let emptied = 0;
  const channel = createChannel(feed, TOPIC, encode, { onEmpty: () => emptied++ });
  const [first, second] = [new Listener(), new Listener()];
  (await channel.hold(first)).start(0);
  const seat = await channel.hold(second);
  assert.equal(feed.followers(TOPIC), 1);
  channel.remove(first);
  assert.equal(emptied, 0);
  seat.leave();
  await until(() => feed.followers(TOPIC) === 0);
  assert.equal(emptied, 1);
  feed.append(TOPIC, 1);
  assert.equal(seat.start(0), false, 'a seat that was left does not start');
  const again = await channel.hold(first);
  assert.equal(again.seq, 1);
  again.start(1);
  feed.append(TOPIC, 2);
  assert.deepEqual(first.seqs, [2]);
});

test('a subscriber that leaves while its seat is taken gets none', async () => {
  const feed = new ArrayFeed();
  const channel = createChannel(feed, TOPIC, encode);
  const listener = new Listener();
  const holding = channel.hold(listener);
  channel.remove(listener);
  assert.equal((await holding).start(0), false);
  assert.equal(channel.size, 0);
  await until(() => feed.followers(TOPIC) === 0);
});

test('a seat that is held too long is lost, and says so', async () => {
  const feed = new ArrayFeed();
  const channel = createChannel(feed, TOPIC, encode);
  const seat = await channel.hold(new Listener());
  for (let round = 0; round < 50; round++) feed.append(TOPIC, ...range(1, 100));
  assert.equal(seat.start(0), false);
  assert.equal(channel.size, 0);
});

test('PF-26 conflatable topics hand over the newest of a batch', async () => {
  const feed = new ArrayFeed();
  const channel = createChannel(feed, TOPIC, encode, { conflatable: true });
  const listener = new Listener();
  (await channel.hold(listener)).start(0);
  feed.append(TOPIC, 1, 2, 3);
  assert.deepEqual([listener.seqs, listener.newest], [[], [3]]);
});

test('an event that cannot be encoded stops nobody', async () => {
  const feed = new ArrayFeed();
  const faults: unknown[] = [];
  const channel = createChannel(
    feed,
    TOPIC,
    (event) => {
      if (event.seq === 1) throw new Error('first');
      if (event.seq === 2) return Promise.reject(new Error('second'));
      return encode(event);
    },
    { onError: (error) => faults.push(error) },
  );
  const listener = new Listener();
  (await channel.hold(listener)).start(0);
  feed.append(TOPIC, 1, 2, 3, 4);
  await until(() => listener.seqs.length === 2);
  assert.deepEqual(listener.seqs, [3, 4]);
  assert.equal(faults.length, 2);
});
