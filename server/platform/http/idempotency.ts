import { createHash } from 'node:crypto';
import type { Secrets } from '../config/secrets.ts';
import type { Database, Queryable } from '../database/types.ts';
import { Conflict, DomainError, Unavailable } from '../errors.ts';
import type { Clock, Ids, Logger } from '../ports.ts';

const KEEP_MS = 24 * 60 * 60_000;
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** A repeat looks again after this while another process runs the first. */
const POLL_MS = 100;
const PURPOSE = 'idempotency';
const PURGE_BATCH = 10_000;

/** What a request gives to be recognised again. */
export interface IdempotentRequest {
  /** `account:<id>` or `address:<address>`. */
  scope: string;
  method: string;
  path: string;
  key: string;
  /** Digest of what was asked; the same key with another one is a mismatch. */
  digest: Buffer;
  /** An unmarked try that died may run again: the service marks the key in its transaction, or recognises the repeat by itself. */
  marks: boolean;
}

/** An answer as it is given again. */
export interface StoredAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[]>>;
  /** Base64 of the body's bytes. */
  body: string;
}

/**
 * The key of the running try. `request.idempotency` hands it to the service, which calls `mark` inside its transaction: effect and mark commit
 * together, and a try that was taken over meanwhile rolls back.
 */
export interface IdempotencyMark {
  /** @throws Conflict when another try has taken over. */
  mark(tx: Queryable): Promise<void>;
  /** For batches: SQL parameters of the mark, see `markAll`. */
  readonly id: Buffer;
  readonly claim: string;
}

/** A try that runs: ends with exactly one of `keep` and `release`. */
export interface RunningTry extends IdempotencyMark {
  /** Keeps the answer for repeats. */
  keep(answer: StoredAnswer): Promise<void>;
  /** Nothing worth keeping came of it (a refusal that a later try may outlive, a failure): repeats run anew, unless the effect was marked. */
  release(): Promise<void>;
}

export type Begun = { kind: 'run'; running: RunningTry } | { kind: 'answer'; answer: StoredAnswer };

interface Row {
  request_digest: Buffer;
  claim: string;
  lease_until: bigint;
  marked: boolean;
  answer: string | null;
}

/** Remembers answers by `Idempotency-Key` (PF-06, PF-75; docs/decisions/0011). */
export class IdempotencyKeys {
  readonly #database: Database;
  readonly #secrets: Secrets;
  readonly #ports: { clock: Clock; ids: Ids; log: Logger };
  readonly #waitMs: number;
  /** Tries of this process by claim: repeats wait for their end here, without asking the database. */
  readonly #running = new Map<string, { ended: Promise<void>; end: () => void }>();
  #renewal: NodeJS.Timeout | undefined;

  constructor(options: {
    database: Database;
    secrets: Secrets;
    ports: { clock: Clock; ids: Ids; log: Logger };
    /** Longest wait of a repeat for the first. */
    waitMs?: number;
  }) {
    this.#database = options.database;
    this.#secrets = options.secrets;
    this.#ports = options.ports;
    this.#waitMs = options.waitMs ?? 30_000;
  }

  /**
   * Starts a try, or gives the answer of the first. A repeat during the first waits for it.
   * @throws DomainError 422 `idempotency_mismatch` for another body under the same key
   * @throws Conflict `idempotency_unresolved` when the first was cut off and may have had its effect, `idempotency_in_progress` when the wait is over
   */
  async begin(request: IdempotentRequest): Promise<Begun> {
    const id = createHash('sha256')
      .update(JSON.stringify([request.scope, request.method, request.path, request.key]))
      .digest();
    const giveUpAt = performance.now() + this.#waitMs;
    for (;;) {
      const claim = this.#ports.ids.uuid();
      if (await this.#insert(id, request.digest, claim)) return { kind: 'run', running: this.#run(id, claim) };
      const row = await this.#read(id);
      // Released or purged between the two statements: try again to be the first.
      if (!row) continue;
      if (!row.request_digest.equals(request.digest)) {
        throw new DomainError(422, 'idempotency_mismatch', 'This Idempotency-Key was used with another request body.');
      }
      if (row.answer !== null) return { kind: 'answer', answer: this.#unseal(row.answer) };
      if (Number(row.lease_until) <= this.#ports.clock.now() && !this.#running.has(row.claim)) {
        if (row.marked || !request.marks) {
          throw new Conflict(
            'idempotency_unresolved',
            'A first attempt with this Idempotency-Key was cut off. Look whether it had its effect before trying again with a new key.',
          );
        }
        if (await this.#takeOver(id, row.claim, claim)) return { kind: 'run', running: this.#run(id, claim) };
        continue;
      }
      if (performance.now() >= giveUpAt) {
        throw new Conflict('idempotency_in_progress', 'A first attempt with this Idempotency-Key is still running.');
      }
      await this.#waitFor(row.claim);
    }
  }

  /** Deletes what is older than 24 h, for the hourly job. Returns how many. */
  async purge(): Promise<number> {
    let total = 0;
    for (;;) {
      const rows = await this.#database.query<{ id: Buffer }>(
        `delete from idempotency_keys where id in (select id from idempotency_keys where expires_at <= $1 limit ${PURGE_BATCH}) returning id`,
        [this.#ports.clock.now()],
      );
      total += rows.length;
      if (rows.length < PURGE_BATCH) return total;
    }
  }

  async #insert(id: Buffer, digest: Buffer, claim: string): Promise<boolean> {
    const now = this.#ports.clock.now();
    const rows = await this.#database.query(
      `insert into idempotency_keys as k (id, request_digest, claim, lease_until, expires_at) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set request_digest = excluded.request_digest, claim = excluded.claim, lease_until = excluded.lease_until,
         expires_at = excluded.expires_at, marked = false, answer = null
       where k.expires_at <= $6 returning 1 as won`,
      [id, digest, claim, now + LEASE_MS, now + KEEP_MS, now],
    );
    return rows.length > 0;
  }

  async #read(id: Buffer): Promise<Row | undefined> {
    const rows = await this.#database.query<Row>(
      'select request_digest, claim, lease_until, marked, answer from idempotency_keys where id = $1',
      [id],
    );
    return rows[0];
  }

  /** The old try, should it still live, then fails its mark and rolls back. */
  async #takeOver(id: Buffer, from: string, to: string): Promise<boolean> {
    const now = this.#ports.clock.now();
    const rows = await this.#database.query(
      `update idempotency_keys set claim = $3, lease_until = $4
       where id = $1 and claim = $2 and not marked and answer is null and lease_until <= $5 returning 1 as won`,
      [id, from, to, now + LEASE_MS, now],
    );
    return rows.length > 0;
  }

  #run(id: Buffer, claim: string): RunningTry {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(claim, { ended: promise, end: resolve });
    this.#renewal ??= setInterval(() => this.#renew(), RENEW_MS).unref();
    const end = () => {
      this.#running.delete(claim);
      resolve();
      if (this.#running.size > 0) return;
      clearInterval(this.#renewal);
      this.#renewal = undefined;
    };
    return {
      id,
      claim,
      mark: (tx) => markAll(tx, [{ id, claim }]),
      keep: async (answer) => {
        try {
          const sealed = this.#secrets.seal(PURPOSE, JSON.stringify(answer));
          await this.#database.query('update idempotency_keys set answer = $3 where id = $1 and claim = $2', [
            id,
            claim,
            sealed,
          ]);
        } catch (error) {
          // The answer goes out all the same; a repeat will hear that the outcome must be looked up.
          this.#ports.log.error({ err: error }, 'the answer of an idempotent request could not be kept');
        } finally {
          end();
        }
      },
      release: async () => {
        try {
          await this.#database.query('delete from idempotency_keys where id = $1 and claim = $2 and not marked', [
            id,
            claim,
          ]);
        } catch (error) {
          this.#ports.log.warn({ err: error }, 'an idempotency key could not be released; its lease will run out');
        } finally {
          end();
        }
      },
    };
  }

  #renew(): void {
    const leaseUntil = this.#ports.clock.now() + LEASE_MS;
    this.#database
      .query('update idempotency_keys set lease_until = $2 where claim = any ($1::uuid[])', [
        [...this.#running.keys()],
        leaseUntil,
      ])
      .catch((error: unknown) =>
        this.#ports.log.warn({ err: error }, 'leases of idempotency keys could not be renewed'),
      );
  }

  async #waitFor(claim: string): Promise<void> {
    const local = this.#running.get(claim);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, local ? this.#waitMs : POLL_MS);
    await Promise.race([promise, local?.ended].filter((wait) => wait !== undefined));
    clearTimeout(timer);
  }

  #unseal(answer: string): StoredAnswer {
    try {
      return JSON.parse(this.#secrets.open(PURPOSE, answer).toString()) as StoredAnswer;
    } catch (error) {
      this.#ports.log.error({ err: error }, 'a kept answer cannot be read with the present SECRET_KEY');
      throw new Unavailable('unavailable', 'The kept answer cannot be read.');
    }
  }
}

/**
 * Marks the keys of a batch inside its transaction, in one statement.
 * @throws Conflict when one of them was taken over by another try
 */
export async function markAll(tx: Queryable, marks: readonly { id: Buffer; claim: string }[]): Promise<void> {
  if (marks.length === 0) return;
  const rows = await tx.query(
    `update idempotency_keys k set marked = true from unnest($1::bytea[], $2::uuid[]) as m(id, claim)
     where k.id = m.id and k.claim = m.claim returning 1 as marked`,
    [marks.map((mark) => mark.id), marks.map((mark) => mark.claim)],
  );
  if (rows.length !== new Set(marks.map((mark) => mark.claim)).size) {
    throw new Conflict('idempotency_in_progress', 'Another attempt with this Idempotency-Key has taken over.');
  }
}

/** Digest of what a request asks for, whatever the order of its fields. */
export async function digestRequest(query: unknown, body: unknown): Promise<Buffer> {
  return createHash('sha256')
    .update(await canonical([query, body]))
    .digest();
}

async function canonical(value: unknown): Promise<string> {
  if (value instanceof Uint8Array) return `bytes:${createHash('sha256').update(value).digest('hex')}`;
  if (value instanceof Blob) return `file:${value.type}:${await canonical(new Uint8Array(await value.arrayBuffer()))}`;
  if (Array.isArray(value)) return `[${(await Promise.all(value.map(canonical))).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const fields = await Promise.all(
      entries.map(async ([key, item]) => `${JSON.stringify(key)}:${await canonical(item)}`),
    );
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
