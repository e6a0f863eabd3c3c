import type { Batches, Flushable, Flusher } from './flusher.ts';
import type { Frame, Outlet } from './types.ts';

/** Where the bytes go: a TCP or TLS socket below the websocket, or an HTTP response. */
export interface Sink {
  write(chunk: Buffer): boolean;
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  readonly writable: boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface OutletOptions {
  sink: Sink;
  flusher: Flusher;
  slowReaderBytes: number;
  slowReaderGraceMs: number;
  /** The reader cannot keep up: the connection must be cut. Called once. */
  onOverrun(): void;
}

const SLICE_BYTES = 64 * 1024;
/** However short the time, this many limits' worth waiting ends the connection. */
const MAX_LIMITS = 16;

/** One connection's writes: collected, joined, one write a flush; bounded when the reader is slow (PF-26). */
export class SocketOutlet implements Outlet, Flushable {
  readonly #options: OutletOptions;
  #queue: Frame[] = [];
  /** While the reader is behind: what waits, in order. A conflated frame stands under its key, at the place of its newest version. */
  #waiting: Map<number | string, Frame> | undefined;
  #nextKey = 0;
  #countedBytes = 0;
  #uncounted: Set<Frame> | undefined;
  #uncountedBytes = 0;
  #isDirty = false;
  #isClosed = false;
  #overSinceMs = -1;
  #drainWaiters: (() => void)[] | undefined;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  get pendingBytes(): number {
    return this.#countedBytes + this.#uncountedBytes + this.#options.sink.writableLength;
  }

  send(frame: Frame): void {
    if (this.#isClosed) return;
    this.#countedBytes += frame.length;
    this.#enqueue(frame);
  }

  sendUncounted(frame: Frame): void {
    if (this.#isClosed) return;
    this.#uncounted ??= new Set();
    this.#uncounted.add(frame);
    this.#uncountedBytes += frame.length;
    this.#enqueue(frame);
  }

  sendNewest(key: string, frame: Frame): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.send(frame);
      return;
    }
    if (this.#isClosed) return;
    const older = waiting.get(key);
    if (older !== undefined) {
      // Set again at the end: a snapshot queued since must not be followed by a state that is older than itself.
      waiting.delete(key);
      this.#countedBytes -= older.length;
    }
    waiting.set(key, frame);
    this.#countedBytes += frame.length;
    this.#watchLimit();
  }

  drained(): Promise<void> {
    if (this.#isClosed || (this.#queue.length === 0 && this.#waiting === undefined)) return Promise.resolve();
    this.#drainWaiters ??= [];
    const waiters = this.#drainWaiters;
    return new Promise((resolve) => waiters.push(resolve));
  }

  flush(batches: Batches): void {
    this.#isDirty = false;
    if (this.#isClosed) return;
    const frames = this.#queue;
    this.#queue = [];
    if (!this.#options.sink.writable) {
      this.discard();
      return;
    }
    let from = 0;
    while (from < frames.length && !this.#options.sink.writableNeedDrain)
      from = this.#writeSlice(frames, from, batches);
    if (from < frames.length || this.#options.sink.writableNeedDrain) this.#fallBehind(frames, from);
    else this.#releaseWaiters();
  }

  checkOverrun(nowMs: number): boolean {
    if (this.#isClosed || this.#overSinceMs < 0) return false;
    if (nowMs - this.#overSinceMs < this.#options.slowReaderGraceMs) return true;
    this.#overrun();
    return false;
  }

  /** Hands everything to the sink at once, however slow it is, and takes no more: what follows is the close frame. */
  end(): void {
    if (this.#isClosed) return;
    const frames = [...this.#queue, ...(this.#waiting?.values() ?? [])];
    this.discard();
    if (frames.length > 0 && this.#options.sink.writable) this.#write(Buffer.concat(frames));
  }

  /** Drops what is queued and takes no more. */
  discard(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#waiting = undefined;
    this.#uncounted = undefined;
    this.#countedBytes = 0;
    this.#uncountedBytes = 0;
    this.#options.flusher.unwatch(this);
    this.#releaseWaiters();
  }

  #enqueue(frame: Frame): void {
    if (this.#waiting !== undefined) {
      this.#waiting.set(this.#nextKey++, frame);
      this.#watchLimit();
      return;
    }
    this.#queue.push(frame);
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#options.flusher.add(this);
  }

  /** Writes the frames from `from` that fit into one slice, at least one; returns where the next slice begins. */
  #writeSlice(frames: readonly Frame[], from: number, batches: Batches): number {
    let end = from + 1;
    let bytes = frames[from]!.length;
    while (end < frames.length && bytes + frames[end]!.length <= SLICE_BYTES) bytes += frames[end++]!.length;
    const isWhole = from === 0 && end === frames.length;
    this.#write(batches.join(isWhole ? frames : frames.slice(from, end)));
    if (this.#uncounted === undefined) this.#countedBytes -= bytes;
    else for (let i = from; i < end; i++) this.#forget(frames[i]!);
    return end;
  }

  #write(bytes: Buffer): void {
    const { stats } = this.#options.flusher;
    stats.writes++;
    stats.bytes += bytes.length;
    this.#options.sink.write(bytes);
  }

  #forget(frame: Frame): void {
    if (!this.#uncounted?.delete(frame)) {
      this.#countedBytes -= frame.length;
      return;
    }
    this.#uncountedBytes -= frame.length;
    if (this.#uncounted.size === 0) this.#uncounted = undefined;
  }

  #fallBehind(frames: readonly Frame[], from: number): void {
    this.#waiting = new Map();
    for (let i = from; i < frames.length; i++) this.#waiting.set(this.#nextKey++, frames[i]!);
    this.#watchLimit();
    this.#options.sink.once('drain', this.#onDrain);
  }

  #onDrain = (): void => {
    const { sink } = this.#options;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let slice: Frame[] = [];
    let bytes = 0;
    for (const [key, frame] of waiting) {
      if (bytes > 0 && bytes + frame.length > SLICE_BYTES) {
        this.#write(Buffer.concat(slice));
        slice = [];
        bytes = 0;
        if (sink.writableNeedDrain) break;
      }
      waiting.delete(key);
      this.#forget(frame);
      slice.push(frame);
      bytes += frame.length;
    }
    if (slice.length > 0) this.#write(Buffer.concat(slice));
    if (this.#countedBytes <= this.#options.slowReaderBytes) this.#overSinceMs = -1;
    if (sink.writableNeedDrain) {
      sink.once('drain', this.#onDrain);
      return;
    }
    this.#waiting = undefined;
    this.#releaseWaiters();
  };

  #watchLimit(): void {
    if (this.#countedBytes <= this.#options.slowReaderBytes) return;
    if (this.#countedBytes > this.#options.slowReaderBytes * MAX_LIMITS) {
      this.#overrun();
      return;
    }
    if (this.#overSinceMs >= 0) return;
    this.#overSinceMs = performance.now();
    this.#options.flusher.watch(this);
  }

  #overrun(): void {
    this.discard();
    this.#options.flusher.stats.overruns++;
    this.#options.onOverrun();
  }

  #releaseWaiters(): void {
    const waiters = this.#drainWaiters;
    if (waiters === undefined) return;
    this.#drainWaiters = undefined;
    for (const resolve of waiters) resolve();
  }
}
