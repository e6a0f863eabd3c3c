import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { connectionUrl } from '../support/opcode-client.ts';

export interface Login {
  id: string;
  key: string;
}

export interface Answer {
  res: number;
  code?: number;
  [field: string]: unknown;
}

const AGAIN_AFTER_MS = 30;
/** 6623 and 6628 say "not now": what became of the request is unknown. */
const UNKNOWN_OUTCOMES = new Set([6623, 6628]);

interface Waiting {
  resolve(answer: Answer | 'lost'): void;
}

/** A connection of the opcode wire that comes back after every loss, and sends what was not answered again as it was. */
export class PersistentClient {
  readonly #wsUrl: string;
  readonly #login: Login;
  readonly #waiting = new Map<string, Waiting>();
  #socket: WebSocket | undefined;
  #connecting: Promise<WebSocket> | undefined;
  #asked = 0;

  constructor(wsUrl: string, login: Login) {
    this.#wsUrl = wsUrl;
    this.#login = login;
  }

  /** Asks until an answer has come; `onSend` hears of every sending. */
  async ask(op: number, params: object, onSend: () => void = () => undefined): Promise<Answer> {
    for (;;) {
      const socket = await this.#connected();
      const rid = `r${++this.#asked}`;
      const answer = new Promise<Answer | 'lost'>((resolve) => this.#waiting.set(rid, { resolve }));
      onSend();
      socket.send(JSON.stringify({ header: { rid }, op, ...params }));
      const outcome = await answer;
      if (outcome !== 'lost' && !(outcome.res === 666 && UNKNOWN_OUTCOMES.has(outcome.code ?? 0))) return outcome;
      await pause(AGAIN_AFTER_MS);
    }
  }

  close(): void {
    this.#socket?.close();
  }

  #connected(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return Promise.resolve(this.#socket);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<WebSocket> {
    for (;;) {
      const socket = new WebSocket(connectionUrl({ wsUrl: this.#wsUrl, ...this.#login }));
      const opened = await new Promise<boolean>((resolve) => {
        socket.on('open', () => resolve(true));
        socket.on('error', () => resolve(false));
        socket.on('close', () => resolve(false));
      });
      if (opened) {
        socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString())));
        socket.on('close', () => this.#lose());
        this.#socket = socket;
        return socket;
      }
      await pause(AGAIN_AFTER_MS);
    }
  }

  #take(message: Answer & { response_header: { rid?: string } }): void {
    const { rid } = message.response_header;
    if (rid === undefined) return;
    this.#waiting.get(rid)?.resolve(message);
    this.#waiting.delete(rid);
  }

  #lose(): void {
    this.#socket = undefined;
    for (const waiting of this.#waiting.values()) waiting.resolve('lost');
    this.#waiting.clear();
  }
}
