import type { Ports } from '../../../platform/ports.ts';
import { FeedDocumentError } from './document.ts';
import { type FeedBatch, type FeedReader, itemOf, waitUntil } from './feed.ts';
import type { Match } from './match.ts';
import { readMatch } from './match-format.ts';

export interface PollingOptions {
  /** Where the operator said a match in our format is to be had. Redirects are not followed: only configured addresses are called. */
  url: string;
  ports: Pick<Ports, 'clock' | 'log'>;
  /** Finds or makes the match's game. */
  gameOf(match: Match): Promise<{ gameId: string }>;
  intervalMs?: number;
  timeoutMs?: number;
  maxBytes?: number;
}

const DEFAULTS = { intervalMs: 15_000, timeoutMs: 10_000, maxBytes: 1024 * 1024 };
const LONGEST_BACK_OFF_MS = 300_000;
/** Most items remembered as delivered; beyond it the oldest may be given again, which changes nothing. */
const MOST_REMEMBERED = 10_000;

/** What a server said to tell one state of its document from another. */
interface Validators {
  etag: string | null;
  lastModified: string | null;
}

type Answer = { kind: 'same' } | { kind: 'document'; text: string; validators: Validators };

/** Reads a growing match document over HTTP, again and again: what is new in it becomes items. A failing server is asked less and less often. */
export class PollingReader implements FeedReader {
  readonly name: string;
  readonly #options: PollingOptions & typeof DEFAULTS;
  readonly #delivered = new Set<string>();
  #validators: Validators = { etag: null, lastModified: null };

  constructor(options: PollingOptions) {
    this.#options = { ...DEFAULTS, ...options };
    // Credentials of the address stay out of logs and of the database.
    const { origin, pathname } = new URL(options.url);
    this.name = `${origin}${pathname}`;
  }

  async *batches(signal: AbortSignal): AsyncGenerator<FeedBatch> {
    const { clock, log } = this.#options.ports;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const answer = await this.#ask(signal);
        if (answer.kind === 'document') {
          const batch = await this.#batchOf(readMatch(answer.text));
          if (batch.items.length > 0) yield batch;
          // Asked for more: the batch is committed.
          this.#remember(batch);
          this.#validators = answer.validators;
        }
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        log.warn(
          { feed: this.name, failures, reason: reasonOf(error) },
          'a feed could not be read; trying again later',
        );
      }
      const waitMs = Math.min(
        this.#options.intervalMs * 2 ** Math.min(failures, 16),
        Math.max(LONGEST_BACK_OFF_MS, this.#options.intervalMs),
      );
      await waitUntil(clock, clock.now() + waitMs, signal);
    }
  }

  async #batchOf(match: Match): Promise<FeedBatch> {
    const { gameId } = await this.#options.gameOf(match);
    const items = match.timeline.map((fact) => itemOf(match, fact, fact.happenedAt));
    return {
      feed: this.name,
      gameId,
      items: items.filter((item) => !this.#delivered.has(item.itemId)).slice(0, 1_000),
    };
  }

  #remember(batch: FeedBatch): void {
    for (const { itemId } of batch.items) {
      if (this.#delivered.size >= MOST_REMEMBERED) this.#delivered.delete(this.#delivered.values().next().value!);
      this.#delivered.add(itemId);
    }
  }

  async #ask(signal: AbortSignal): Promise<Answer> {
    const { url, timeoutMs, maxBytes } = this.#options;
    const { etag, lastModified } = this.#validators;
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        accept: 'application/json',
        ...(etag === null ? {} : { 'if-none-match': etag }),
        ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
      },
    });
    if (response.status === 200) {
      const validators = { etag: response.headers.get('etag'), lastModified: response.headers.get('last-modified') };
      return { kind: 'document', text: await readBody(response, maxBytes), validators };
    }
    await response.body?.cancel();
    if (response.status === 304) return { kind: 'same' };
    throw new FeedDocumentError(`the server answered ${response.status}`);
  }
}

/** The body as text, never more than `maxBytes` of it in memory. */
async function readBody(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new FeedDocumentError(`the document is larger than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

/** fetch hides what happened behind "fetch failed". */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message ?? message ?? String(error);
}
