import { setTimeout as pause } from 'node:timers/promises';
import { NativeClient } from '../support/native-client.ts';

const AGAIN_AFTER_MS = 50;

/** Follows a topic on the native wire over every loss of the connection, resuming where it stood (PF-23). */
export class Follower {
  /** Every seq as it came. */
  readonly seqs: number[] = [];
  /** What went against the protocol. */
  readonly faults: string[] = [];
  readonly #wsUrl: string;
  readonly #topic: string;
  #position: { epoch: string; seq: number } | undefined;

  constructor(wsUrl: string, topic: string) {
    this.#wsUrl = wsUrl;
    this.#topic = topic;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const client = new NativeClient(this.#wsUrl);
      try {
        await client.open();
        const answer = await client.subscribe(this.#topic, this.#position);
        if (answer.ok !== true) throw new Error(JSON.stringify(answer.error));
        if (answer.reset === true && this.#position) this.faults.push(`reset at ${this.#position.seq}`);
        this.#position ??= { epoch: answer.epoch!, seq: answer.seq! };
        await this.#take(client, isOver);
      } catch {
        await pause(AGAIN_AFTER_MS);
      } finally {
        await client.cut();
      }
    }
  }

  async #take(client: NativeClient, isOver: () => boolean): Promise<void> {
    let taken = 0;
    let isClosed = false;
    void client.closed.then(() => {
      isClosed = true;
    });
    while (!isClosed && !isOver()) {
      for (; taken < client.events.all.length; taken++) {
        const { seq } = client.events.all[taken]!;
        if (seq !== this.#position!.seq + 1) this.faults.push(`${seq} after ${this.#position!.seq}`);
        this.seqs.push(seq);
        this.#position!.seq = seq;
      }
      await pause(AGAIN_AFTER_MS);
    }
  }
}
