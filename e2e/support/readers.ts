import assert from 'node:assert/strict';
import { EventStreamClient } from './event-stream-client.ts';
import { NativeClient, type TopicEvent } from './native-client.ts';
import type { TestServer } from './server.ts';
import { Inbox } from './waiting.ts';

/** A reader of one topic that may lose its connection and come back, to any process: all it ever got, in order. */
export interface Reader {
  readonly wire: string;
  readonly got: Inbox<TopicEvent>;
  /** Position of the first time; the events after it are expected. */
  readonly firstSeq: number;
  /** Connects; from the second time on it resumes where it is, and must be let. */
  open(server: TestServer): Promise<void>;
  /** Loses the connection. */
  lose(): Promise<void>;
}

/** Over `/realtime`, resuming by `since`. */
export class NativeReader implements Reader {
  readonly wire = '/realtime';
  readonly got = new Inbox<TopicEvent>();
  firstSeq = 0;
  readonly #topic: string;
  #epoch: string | undefined;
  #client: NativeClient | undefined;

  constructor(topic: string) {
    this.#topic = topic;
  }

  async open(server: TestServer): Promise<void> {
    const client = await new NativeClient(server.wsUrl, (event) => this.got.add(event)).open();
    this.#client = client;
    const isFirst = this.#epoch === undefined;
    const seq = this.got.all.at(-1)?.seq ?? this.firstSeq;
    const answer = await client.subscribe(this.#topic, isFirst ? undefined : { epoch: this.#epoch!, seq });
    assert.equal(answer.ok, true, JSON.stringify(answer));
    if (isFirst) this.firstSeq = answer.seq!;
    else assert.deepEqual([answer.reset, answer.snapshot, answer.seq], [undefined, undefined, seq]);
    this.#epoch = answer.epoch;
  }

  async lose(): Promise<void> {
    await this.#client?.cut();
  }
}

/** Over `/events/stream`, resuming by `Last-Event-ID`. */
export class StreamReader implements Reader {
  readonly wire = '/events/stream';
  readonly got = new Inbox<TopicEvent>();
  firstSeq = 0;
  readonly #topic: string;
  #client: EventStreamClient | undefined;

  constructor(topic: string) {
    this.#topic = topic;
  }

  async open(server: TestServer): Promise<void> {
    const before = this.#client?.lastEventId;
    const client = new EventStreamClient(before);
    this.#client = client;
    client.onEvent = ({ event, data }) => {
      if (event === 'message') this.got.add(JSON.parse(data) as TopicEvent);
      else assert.equal(event === 'snapshot' && before === undefined, true, `${event} after ${before}`);
    };
    await client.open(server.url, this.#topic);
    if (before !== undefined) return;
    const snapshot = await client.events.first('the snapshot', ({ event }) => event === 'snapshot');
    this.firstSeq = (JSON.parse(snapshot.data) as { seq: number }).seq;
  }

  async lose(): Promise<void> {
    await this.#client?.close();
  }
}
