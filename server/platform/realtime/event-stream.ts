import type { ServerResponse } from 'node:http';
import type { Principal } from '../accounts/types.ts';
import type { Connected } from './connections.ts';
import type { Flusher } from './flusher.ts';
import { SocketOutlet } from './outlet.ts';
import type { RealtimeSettings } from './settings.ts';
import type { Frame, Outlet, Subscriber } from './types.ts';

export interface EventStreamOptions {
  response: ServerResponse;
  address: string;
  flusher: Flusher;
  settings: RealtimeSettings;
  epoch: string;
  topicCount: number;
  onAccessEnded(): void;
}

/** What stands behind a frame: the seq of its event, and the id line of a stream of this topic alone, which all those share. */
interface FrameTag {
  seq: number;
  idLine: Frame;
}

/** Frames of events by what they tell; a frame itself has no id, since the id of a stream names the positions of all its topics. */
const TAGS = Symbol('event stream frame');
type TaggedFrame = Frame & { [TAGS]?: FrameTag };

/** One response of server-sent events. Each event carries, as its id, where the stream stands in every topic (PF-24). */
export class EventStream implements Connected {
  readonly address: string;
  readonly wire = 'sse';
  readonly outlet: SocketOutlet;
  readonly #options: EventStreamOptions;
  readonly #subscribers: Subscriber[];
  readonly #seqs: number[];
  #leaveListeners: (() => void)[] = [];
  #principal: Principal;

  constructor(options: EventStreamOptions) {
    const { response, flusher, settings, topicCount } = options;
    this.#options = options;
    this.address = options.address;
    this.#principal = { kind: 'anonymous', address: options.address };
    this.outlet = new SocketOutlet({
      sink: response,
      flusher,
      slowReaderBytes: settings.slowReaderBytes,
      slowReaderGraceMs: settings.slowReaderGraceMs,
      // Nothing can be told to who does not read: the client resumes by its last id.
      onOverrun: () => response.destroy(),
    });
    this.#seqs = new Array<number>(topicCount).fill(0);
    this.#subscribers = this.#seqs.map((_, index) => ({ outlet: new TopicOutlet(this, index) }));
    response.once('close', () => this.leave());
  }

  /** The frame of one event, shared by every stream. */
  static frame(seq: number, epoch: string, event: unknown): Frame {
    const frame: TaggedFrame = Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
    frame[TAGS] = { seq, idLine: Buffer.from(`id: ${epoch}/${seq}\n`) };
    return frame;
  }

  get principal(): Principal {
    return this.#principal;
  }

  assign(principal: Principal): void {
    this.#principal = principal;
  }

  endAccess(): void {
    this.#options.onAccessEnded();
  }

  /** The receiver of the topic at `index` of the query. */
  subscriber(index: number): Subscriber {
    return this.#subscribers[index]!;
  }

  setPosition(index: number, seq: number): void {
    this.#seqs[index] = seq;
  }

  onLeave(fn: () => void): void {
    this.#leaveListeners.push(fn);
  }

  /** A state, under the positions the stream has now. */
  tellState(name: 'snapshot' | 'reset', state: object): void {
    this.outlet.sendUncounted(Buffer.from(`event: ${name}\nid: ${this.#id()}\ndata: ${JSON.stringify(state)}\n\n`));
  }

  /** The line that goes before `frame`; from then on the stream stands at its event. */
  idLine(index: number, frame: TaggedFrame): Frame {
    const tag = frame[TAGS]!;
    this.#seqs[index] = tag.seq;
    return this.#seqs.length === 1 ? tag.idLine : Buffer.from(`id: ${this.#id()}\n`);
  }

  /** Says why, and ends the response. */
  end(reason: object): void {
    this.outlet.send(Buffer.from(`event: end\ndata: ${JSON.stringify(reason)}\n\n`));
    this.outlet.end();
    this.#options.response.end();
    this.leave();
  }

  /** Gives up every seat and count. */
  leave(): void {
    this.outlet.discard();
    const listeners = this.#leaveListeners;
    this.#leaveListeners = [];
    for (const listener of listeners) listener();
  }

  #id(): string {
    return `${this.#options.epoch}/${this.#seqs.join('.')}`;
  }
}

/** One topic's way into a stream: puts the id before each event. */
class TopicOutlet implements Outlet {
  readonly #stream: EventStream;
  readonly #index: number;

  constructor(stream: EventStream, index: number) {
    this.#stream = stream;
    this.#index = index;
  }

  get pendingBytes(): number {
    return this.#stream.outlet.pendingBytes;
  }

  send(frame: Frame): void {
    this.#stream.outlet.send(this.#stream.idLine(this.#index, frame));
    this.#stream.outlet.send(frame);
  }

  sendNewest(key: string, frame: Frame): void {
    this.#stream.outlet.sendNewest(key, Buffer.concat([this.#stream.idLine(this.#index, frame), frame]));
  }

  sendUncounted(frame: Frame): void {
    this.#stream.outlet.sendUncounted(this.#stream.idLine(this.#index, frame));
    this.#stream.outlet.sendUncounted(frame);
  }

  drained(): Promise<void> {
    return this.#stream.outlet.drained();
  }
}
