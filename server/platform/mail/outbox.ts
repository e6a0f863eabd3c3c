import type { Secrets } from '../config/secrets.ts';
import type { Database, Queryable, Tx } from '../database/types.ts';
import { NotFound } from '../errors.ts';
import type { Ports } from '../ports.ts';
import type { Mail, MailDelivery, Mailer, NewMail } from './types.ts';

const SWEEP_EVERY_MS = 30_000;
const BATCH = 20;
const TRIES = 20;
const PURPOSE = 'mail';

export interface OutboxOptions {
  database: Database;
  ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
  secrets: Pick<Secrets, 'seal' | 'open'>;
  delivery: MailDelivery;
}

interface MailRow {
  id: string;
  kind: string;
  recipient: string;
  subject: string;
  text_sealed: string;
  created_at: bigint;
}

/** Rows first, then delivery by a sweep that may be repeated (PF-51). Several processes may sweep the same outbox. */
export class Outbox implements Mailer {
  readonly #options: OutboxOptions;
  #sweeping: Promise<void> | undefined;
  #again = false;
  #cancelTimer: (() => void) | undefined;
  #running = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  async send(tx: Tx, mail: NewMail): Promise<void> {
    await tx.query(
      `insert into mails (id, account_id, kind, recipient, subject, text_sealed, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        this.#options.ports.ids.uuid(),
        mail.accountId ?? null,
        mail.kind,
        mail.to,
        mail.subject,
        this.#options.secrets.seal(PURPOSE, Buffer.from(mail.text)),
        tx.now,
      ],
    );
    tx.afterCommit(() => {
      if (this.#running) void this.sweep();
    });
  }

  /** Delivers what a crash left behind, then whatever comes. */
  start(): void {
    this.#running = true;
    this.#sweepLater(0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer?.();
    await this.#sweeping;
  }

  /** Delivers all waiting letters, also those that arrive meanwhile. Failing ones wait for the next sweep. */
  sweep(): Promise<void> {
    this.#again = true;
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /**
   * One letter with its text, for the operator.
   * @throws NotFound `mail_not_found`.
   */
  async read(db: Queryable, mailId: string): Promise<Mail & { state: string }> {
    const [row] = await db.query<MailRow & { state: string }>(
      'select id, kind, recipient, subject, text_sealed, created_at, state from mails where id = $1',
      [mailId],
    );
    if (!row) throw new NotFound('mail_not_found', 'There is no such mail.');
    return { ...this.#toMail(row), state: row.state };
  }

  async #sweepAll(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        // A failing letter goes to the end of the queue only with the next sweep: every letter is tried once in this one.
        for (let after: MailPlace | undefined = START; after; ) after = await this.#sweepBatch(after);
      }
    } catch (error) {
      this.#options.ports.log.warn({ err: error }, 'mails wait for the next sweep');
    }
  }

  /** Returns the place to go on from, or nothing at the end. */
  async #sweepBatch(after: MailPlace): Promise<MailPlace | undefined> {
    return await this.#options.database.transaction('mail.sweep', async (tx) => {
      const rows = await tx.query<MailRow>(
        `select id, kind, recipient, subject, text_sealed, created_at from mails
         where state = 'waiting' and (created_at, id) > ($1, $2::uuid) order by created_at, id limit ${BATCH} for update skip locked`,
        [after.createdAt, after.id],
      );
      const delivered: string[] = [];
      const failed: string[] = [];
      for (const row of rows) ((await this.#deliver(row)) ? delivered : failed).push(row.id);
      await tx.query(
        `update mails set tries = tries + 1,
           state = case when id = any ($1::uuid[]) then 'written' when tries + 1 >= ${TRIES} then 'failed' else state end,
           settled_at = case when id = any ($1::uuid[]) or tries + 1 >= ${TRIES} then $3::bigint end
         where id = any ($1::uuid[] || $2::uuid[])`,
        [delivered, failed, tx.now],
      );
      const last = rows.at(-1);
      return last && rows.length === BATCH ? { createdAt: Number(last.created_at), id: last.id } : undefined;
    });
  }

  async #deliver(row: MailRow): Promise<boolean> {
    try {
      await this.#options.delivery.deliver(this.#toMail(row));
      return true;
    } catch (error) {
      this.#options.ports.log.warn({ err: error, mailId: row.id }, 'mail could not be delivered');
      return false;
    }
  }

  #toMail(row: MailRow): Mail {
    return {
      id: row.id,
      kind: row.kind,
      to: row.recipient,
      subject: row.subject,
      text: this.#options.secrets.open(PURPOSE, row.text_sealed).toString(),
      createdAt: Number(row.created_at),
    };
  }

  #sweepLater(delayMs: number): void {
    const { clock } = this.#options.ports;
    this.#cancelTimer = clock.at(clock.now() + delayMs, () => {
      if (this.#running) void this.sweep().then(() => this.#running && this.#sweepLater(SWEEP_EVERY_MS));
    });
  }
}

interface MailPlace {
  createdAt: number;
  id: string;
}

const START: MailPlace = { createdAt: -1, id: '00000000-0000-0000-0000-000000000000' };
