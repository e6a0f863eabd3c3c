import type { Database, Queryable, Tx } from '../database/types.ts';
import { Conflict } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { type FailureLimits, failureSubject, recordFailure, refuseTooMany } from './failures.ts';
import type { Passwords } from './passwords.ts';
import { ACCOUNT_COLUMNS, ACCOUNTS, type AccountRow } from './tables.ts';

export interface PasswordAttempt {
  /** What the person typed; failures of unknown names are counted under it. */
  login: string;
  password: string;
  address: string;
  limits: FailureLimits;
  /** Finds the account meant. */
  find(db: Queryable): Promise<AccountRow | undefined>;
}

/** The account whose password was proved, locked in the transaction, and how its failures are counted. */
export interface Proved {
  row: AccountRow;
  subject: string;
}

const MAX_TRIES = 4;

/** The one place where a password is compared: counted, a few at once, and still true when the transaction commits (PF-11, PF-67). */
export class PasswordProof {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #passwords: Passwords;

  constructor(options: { database: Database; clock: Clock; passwords: Passwords }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#passwords = options.passwords;
  }

  /**
   * Runs `fn` in a transaction that holds the account's lock, if the password is right. A hash weaker than today's is renewed there.
   * Unknown names and wrong passwords take the same work and give the same answer: undefined.
   * @throws TooMany `too_many` by the attempt's limits, Unavailable `busy`.
   */
  async transact<T>(
    name: string,
    attempt: PasswordAttempt,
    fn: (tx: Tx, proved: Proved) => Promise<T>,
  ): Promise<T | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const compared = await this.#compare(attempt);
      if (!compared) return undefined;
      const { account, subject, renewed } = compared;
      const outcome = await this.#database.transaction(name, async (tx) => {
        const [row] = await tx.lock<AccountRow>(ACCOUNTS, ACCOUNT_COLUMNS, [account.id]);
        // Changed meanwhile: by a password change, which decides anew, or by a renewed hash of the same password.
        if (!row || row.password_hash !== account.password_hash) return undefined;
        // Tries at once may all have passed the first check; here they pass one by one.
        await refuseTooMany(tx, { subject, address: attempt.address }, attempt.limits, tx.now);
        if (renewed) await tx.query('update accounts set password_hash = $2 where id = $1', [row.id, renewed]);
        return { value: await fn(tx, { row, subject }) };
      });
      if (outcome) return outcome.value;
    }
    throw new Conflict('account_changed', 'This account is being changed just now. Try again.');
  }

  /** Compares outside of any transaction; records a failure before its place among the hashes is free again. */
  async #compare(
    attempt: PasswordAttempt,
  ): Promise<{ account: AccountRow; subject: string; renewed: string | undefined } | undefined> {
    return await this.#passwords.inTurn(async (hasher) => {
      const account = await attempt.find(this.#database);
      const subject = failureSubject(account?.id, attempt.login);
      await refuseTooMany(this.#database, { subject, address: attempt.address }, attempt.limits, this.#clock.now());
      const { right, stale } = await hasher.verify(account?.password_hash ?? null, attempt.password);
      if (account && right) {
        return { account, subject, renewed: stale ? await hasher.hash(attempt.password) : undefined };
      }
      await recordFailure(this.#database, subject, attempt.address, this.#clock.now());
      return undefined;
    });
  }
}
