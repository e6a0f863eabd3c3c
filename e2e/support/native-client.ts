import { WebSocket } from 'ws';
import { Inbox } from './waiting.ts';

/** An event of a topic, the same on the native wire and as a server-sent event. */
export interface TopicEvent {
  topic: string;
  seq: number;
  type: string;
  at: string;
  data: Readonly<Record<string, unknown>>;
}

export interface NativeAnswer {
  re: number;
  ok?: boolean;
  epoch?: string;
  seq?: number;
  reset?: boolean;
  snapshot?: unknown;
  error?: { code: string; message: string };
}

/** A connection to `/realtime` (PF-23) that keeps every event in order. */
export class NativeClient {
  readonly events = new Inbox<TopicEvent>();
  readonly answers = new Inbox<NativeAnswer>();
  readonly closed: Promise<{ code: number }>;
  readonly #socket: WebSocket;
  #lastId = 0;

  constructor(wsUrl: string, onEvent?: (event: TopicEvent) => void) {
    this.#socket = new WebSocket(`${wsUrl}/realtime`);
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as TopicEvent | NativeAnswer;
      if ('re' in message) this.answers.add(message);
      else {
        this.events.add(message);
        onEvent?.(message);
      }
    });
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code) => {
        this.events.end(`closed with ${code}`);
        this.answers.end(`closed with ${code}`);
        resolve({ code });
      });
    });
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject));
    return this;
  }

  async ask(op: string, fields: object = {}): Promise<NativeAnswer> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ op, id, ...fields }));
    return await this.answers.first(`answer to ${op}`, (answer) => answer.re === id);
  }

  async subscribe(topic: string, since?: { epoch: string; seq: number }): Promise<NativeAnswer> {
    return await this.ask('subscribe', { topic, ...(since === undefined ? {} : { since }) });
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** Loses the connection: no goodbye. */
  async cut(): Promise<void> {
    this.#socket.terminate();
    await this.closed;
  }
}
