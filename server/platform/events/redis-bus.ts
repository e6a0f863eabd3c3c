import { Redis } from 'ioredis';
import type { Logger } from '../ports.ts';
import type { Bus, BusMessage } from './types.ts';

/** A Redis message is at most this large; larger ones are told in pieces, and an event that is larger alone is read from the log by the others. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Messages on their way to a Redis that does not answer; further ones are dropped, and heads are compared (DESIGN M7). */
export const MAX_IN_FLIGHT = 256;
/** A Redis that says nothing for so long is away. */
const ANSWER_LIMIT_MS = 2_000;

export interface RedisBusOptions {
  url: string;
  channel: string;
  processId: string;
  log: Logger;
}

/** The bus over Redis publish/subscribe: fast, and allowed to lose (PF-21). Messages of one tick travel together. */
export async function createRedisBus(options: RedisBusOptions): Promise<Bus> {
  const { url, log } = options;
  const sender = connectTo(url, { commandTimeout: ANSWER_LIMIT_MS });
  const receiver = connectTo(url);
  const listeners = new Set<(message: BusMessage) => void>();
  const reconnected = new Set<() => void>();
  const publisher = new Publisher(sender, options);
  let subscribed = false;

  for (const [name, client] of [['sender', sender] as const, ['receiver', receiver] as const]) {
    client.on('error', (err: Error) => log.warn({ err: err.message, client: name }, 'redis bus'));
  }
  receiver.on('close', () => {
    subscribed = false;
  });
  receiver.on('ready', () => {
    receiver.subscribe(options.channel).then(
      () => {
        subscribed = true;
        for (const fn of reconnected) fn();
      },
      (err: Error) => log.warn({ err: err.message }, 'redis bus could not subscribe'),
    );
  });
  receiver.on('message', (_channel: string, text: string) => {
    const { from, messages } = readEnvelope(text, log);
    if (from === options.processId) return;
    for (const message of messages) for (const fn of listeners) fn(message);
  });

  // A Redis that is away must not stop the start: heads are compared until it is back (DESIGN M7).
  await Promise.allSettled([sender.connect(), receiver.connect()]);
  return {
    publish: (message) => publisher.publish(message),
    subscribe(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    healthy: () => subscribed && publisher.healthy,
    onReconnect(fn) {
      reconnected.add(fn);
      return () => reconnected.delete(fn);
    },
    async close() {
      listeners.clear();
      reconnected.clear();
      sender.disconnect();
      receiver.disconnect();
    },
  };
}

/** Sends what a tick has gathered, so much at once as Redis keeps up with. */
class Publisher {
  readonly #sender: Redis;
  readonly #options: RedisBusOptions;
  #outgoing: BusMessage[] = [];
  #inFlight = 0;
  /** Whether Redis took the last message it was sent. */
  #answers = true;

  constructor(sender: Redis, options: RedisBusOptions) {
    this.#sender = sender;
    this.#options = options;
  }

  get healthy(): boolean {
    return this.#sender.status === 'ready' && this.#answers && this.#inFlight < MAX_IN_FLIGHT;
  }

  publish(message: BusMessage): void {
    if (this.#outgoing.push(message) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#outgoing;
    this.#outgoing = [];
    if (this.#sender.status !== 'ready') return;
    for (const text of envelopes(this.#options.processId, messages)) {
      if (this.#inFlight >= MAX_IN_FLIGHT) return;
      this.#inFlight++;
      void this.#send(text);
    }
  }

  async #send(text: string): Promise<void> {
    try {
      await this.#sender.publish(this.#options.channel, text);
      this.#answers = true;
    } catch (error) {
      this.#answers = false;
      this.#options.log.warn({ err: (error as Error).message }, 'redis bus lost a message');
    } finally {
      this.#inFlight--;
    }
  }
}

function connectTo(url: string, limits: { commandTimeout?: number } = {}): Redis {
  const retryStrategy = (attempt: number) => Math.min(50 * 2 ** attempt, 2_000);
  return new Redis(url, {
    ...limits,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy,
  });
}

/** What a process sends in one tick, as texts of at most `MAX_MESSAGE_BYTES`; an event too large for one is left out. */
export function* envelopes(from: string, messages: readonly BusMessage[]): Generator<string> {
  const text = JSON.stringify({ from, messages });
  if (Buffer.byteLength(text) <= MAX_MESSAGE_BYTES) {
    yield text;
    return;
  }
  for (const half of halves(messages)) yield* envelopes(from, half);
}

/** Two smaller lists of the same; none when there is nothing to take apart. */
function halves(messages: readonly BusMessage[]): BusMessage[][] {
  const [only] = messages;
  if (only === undefined) return [];
  if (messages.length > 1) {
    const middle = messages.length >> 1;
    return [messages.slice(0, middle), messages.slice(middle)];
  }
  if (only.kind !== 'events' || only.events.length < 2) return [];
  const middle = only.events.length >> 1;
  return [only.events.slice(0, middle), only.events.slice(middle)].map((events) => [{ kind: 'events', events }]);
}

/** A foreign text on our channel is no reason to stop. */
function readEnvelope(text: string, log: Logger): { from?: string; messages: BusMessage[] } {
  try {
    const { from, messages } = JSON.parse(text) as { from?: string; messages?: BusMessage[] };
    if (Array.isArray(messages)) return { from, messages };
  } catch (error) {
    log.warn({ err: (error as Error).message }, 'redis bus got a message that it cannot read');
  }
  return { messages: [] };
}
