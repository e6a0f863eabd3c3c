import type { Database, Tx } from '../database/types.ts';
import { Invalid } from '../errors.ts';
import type { Mailer } from '../mail/types.ts';
import type { Clock, Random } from '../ports.ts';
import { type CodeLetter, claimLetter, recoveryLetter, welcomeLetter } from './letters.ts';
import { keyOfName, refuseFaults } from './names.ts';
import { type CodeKind, type CodeLifetimes, dropCodes, isCodeLive, makeCode } from './one-time-codes.ts';
import { type Passwords, passwordFaults } from './passwords.ts';
import type { Sessions } from './sessions.ts';
import { ACCOUNT_COLUMNS, ACCOUNTS, type AccountRow, findByLogin } from './tables.ts';

export interface RecoveryOptions {
  database: Database;
  ports: { clock: Clock; random: Random };
  passwords: Passwords;
  sessions: Sessions;
  mailer: Mailer;
  lifetimes: CodeLifetimes;
  /** `PUBLIC_URL`: letters link to its `/reset`. */
  publicUrl: string;
}

/** New passwords without the old one, by a code sent to the account's address (AU12, AU13, PF-69). */
export class Recovery {
  readonly #options: RecoveryOptions;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /**
   * Sends a code to the account with this name or e-mail, if there is one. The caller learns nothing either way (AU12). A route may have its own life
   * time of codes.
   */
  async recover(login: string, lifetimeMs = this.#options.lifetimes.recoveryMs): Promise<void> {
    await this.#options.database.transaction('accounts.recover', async (tx) => {
      const found = await findByLogin(tx, login);
      if (found) await this.#sendCode(tx, found.id, { kind: 'recovery', lifetimeMs }, recoveryLetter);
    });
  }

  /** Sends the claim link of the unclaimed account with this e-mail, if there is one (PF-69). */
  async sendClaimLink(email: string): Promise<void> {
    await this.#options.database.transaction('accounts.claim_link', async (tx) => {
      const found = await findByLogin(tx, email);
      if (found && !found.claimed && found.email_key === keyOfName(email))
        await this.#sendCode(tx, found.id, this.#claimCode, claimLetter);
    });
  }

  /** Welcomes the owner of an account just made for an e-mail, in that transaction (PG1). */
  async welcome(tx: Tx, accountId: string): Promise<void> {
    await this.#sendCode(tx, accountId, this.#claimCode, welcomeLetter);
  }

  /**
   * Sets a password by a code, once. The account is claimed, its e-mail proved, and everything signed in before ends (AU13, PF-72).
   * @throws Invalid `invalid_input` for the password, `invalid_code` for anything wrong with e-mail or code.
   */
  async reset(input: { email: string; code: string; password: string }): Promise<void> {
    refuseFaults(passwordFaults(input.password));
    const { database, ports, passwords, sessions } = this.#options;
    const found = await findByLogin(database, input.email);
    const isLive =
      found?.email_key === keyOfName(input.email) &&
      (await isCodeLive(database, found.id, input.code, ports.clock.now()));
    if (!found || !isLive) throw wrongCode();
    // Hashed only for a code that was good a moment ago: made-up codes must not cost hashes.
    const hash = await passwords.inTurn((hasher) => hasher.hash(input.password));
    await database.transaction('accounts.reset', async (tx) => {
      const [row] = await tx.lock<AccountRow>(ACCOUNTS, ACCOUNT_COLUMNS, [found.id]);
      if (row?.state !== 'active' || !(await isCodeLive(tx, row.id, input.code, tx.now))) throw wrongCode();
      await tx.query(
        'update accounts set password_hash = $2, claimed = true, email_verified_at = coalesce(email_verified_at, $3) where id = $1',
        [row.id, hash, tx.now],
      );
      await dropCodes(tx, row.id);
      await sessions.endAll(tx, row.id);
    });
  }

  get #claimCode() {
    return { kind: 'claim', lifetimeMs: this.#options.lifetimes.claimMs } as const;
  }

  async #sendCode(
    tx: Tx,
    accountId: string,
    { kind, lifetimeMs }: { kind: CodeKind; lifetimeMs: number },
    write: (letter: CodeLetter) => { subject: string; text: string },
  ): Promise<void> {
    const { ports, mailer, publicUrl } = this.#options;
    const [row] = await tx.lock<AccountRow>(ACCOUNTS, ACCOUNT_COLUMNS, [accountId]);
    if (row?.state !== 'active' || row.email === null) return;
    const code = await makeCode(tx, ports.random, { accountId, kind, lifetimeMs });
    if (code === undefined) return;
    const letter = write({ publicUrl, email: row.email, username: row.username, code, lastsMs: lifetimeMs });
    await mailer.send(tx, { kind, to: row.email, accountId, ...letter });
  }
}

function wrongCode(): Invalid {
  return new Invalid('invalid_code', 'This code is not right, has expired, or was used already.');
}
