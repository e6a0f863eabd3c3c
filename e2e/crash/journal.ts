import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

export type WriteKind = 'bet' | 'event' | 'close' | 'pool' | 'game';

/** One line: a request was sent, or its answer came, or a subscriber has got all of a game. `ref` names the write, the same at every sending. */
export interface JournalLine {
  what: 'sent' | 'acknowledged' | 'refused' | 'followed';
  kind: WriteKind;
  ref: string;
  at: number;
  /** Of `sent` the request, of `acknowledged` the answer, of `followed` what came. */
  data?: Readonly<Record<string, unknown>>;
  code?: number;
}

/** What a client was told, on its own disk before it counts: lines of many answers share one fsync. */
export class JournalWriter {
  readonly #file: number;
  #lines: string[] = [];
  #synced: Promise<void> | undefined;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** Resolves once the line is on disk. */
  write(line: Omit<JournalLine, 'at'>): Promise<void> {
    this.#lines.push(JSON.stringify({ ...line, at: Date.now() }));
    this.#synced ??= new Promise((resolve) => setImmediate(() => resolve(this.#sync())));
    return this.#synced;
  }

  close(): void {
    this.#sync();
    closeSync(this.#file);
  }

  #sync(): void {
    this.#synced = undefined;
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length === 0) return;
    writeSync(this.#file, `${lines.join('\n')}\n`);
    fsyncSync(this.#file);
  }
}

export function readJournal(path: string): JournalLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}
