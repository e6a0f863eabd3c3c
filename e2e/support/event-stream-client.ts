import { Inbox } from './waiting.ts';

/** One server-sent event as it came. */
export interface SentEvent {
  id: string;
  event: string;
  data: string;
}

/** A reader of `/events/stream` (PF-24) that keeps every event in order. */
export class EventStreamClient {
  readonly events = new Inbox<SentEvent>();
  /** Id of the newest event: what a browser sends as `Last-Event-ID`. */
  lastEventId: string;
  onEvent: ((event: SentEvent) => void) | undefined;
  readonly #abort = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  constructor(lastEventId = '') {
    this.lastEventId = lastEventId;
  }

  /** Resolves when the server has begun to answer. @throws unless with 200 */
  async open(url: string, topic: string): Promise<this> {
    const response = await fetch(`${url}/events/stream?topic=${encodeURIComponent(topic)}`, {
      signal: this.#abort.signal,
      headers: {
        Accept: 'text/event-stream',
        ...(this.lastEventId === '' ? {} : { 'Last-Event-ID': this.lastEventId }),
      },
    });
    if (response.status !== 200)
      throw new Error(`/events/stream answered ${response.status}: ${await response.text()}`);
    this.#reading = this.#read(response.body!).catch((error: unknown) => this.events.end(String(error)));
    return this;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) this.#take(block);
    }
    this.events.end('the stream ended');
  }

  #take(block: string): void {
    const event: SentEvent = { id: '', event: 'message', data: '' };
    for (const line of block.split('\n')) {
      const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()];
      if (name === 'id' || name === 'event' || name === 'data') event[name] += name === 'event' ? '' : value;
      if (name === 'event') event.event = value;
    }
    if (event.id !== '') this.lastEventId = event.id;
    if (event.data === '') return;
    this.events.add(event);
    this.onEvent?.(event);
  }
}
