import type { Database, Queryable, Tx } from '../database/types.ts';
import { Conflict, NotFound, Unauthenticated } from '../errors.ts';
import type { Mailer } from '../mail/types.ts';
import type { Ports } from '../ports.ts';
import type { Access } from './access.ts';
import type { FailureLimits } from './failures.ts';
import { emailChangedLetter } from './letters.ts';
import {
  anyName,
  emailFaults,
  type FieldFault,
  keyOfName,
  makeUpName,
  type NameRule,
  nameFaults,
  refuseFaults,
} from './names.ts';
import { dropCodes } from './one-time-codes.ts';
import type { PasswordProof, Proved } from './password-proof.ts';
import { type Passwords, passwordFaults } from './passwords.ts';
import type { Recovery } from './recovery.ts';
import type { Sessions } from './sessions.ts';
import type { Arrival, OnArrival } from './sign-in.ts';
import {
  ACCOUNT_COLUMNS,
  ACCOUNTS,
  type Account,
  type AccountRow,
  claimNames,
  findById,
  findByLogin,
  toAccount,
} from './tables.ts';
import type { Grant } from './types.ts';

export interface Registration {
  username: string;
  email: string;
  password: string;
  /** What the route asks of names besides PF-66. */
  nameRule?: NameRule;
  arrival: Arrival;
}

/** Somebody signed in proves his password again, for a change of his account. */
export interface OwnerProof {
  accountId: string;
  password: string;
  address: string;
  limits: FailureLimits;
}

export interface AccountsOptions {
  database: Database;
  ports: Pick<Ports, 'ids' | 'random'>;
  passwords: Passwords;
  proof: PasswordProof;
  sessions: Sessions;
  recovery: Recovery;
  access: Access;
  mailer: Mailer;
}

interface NewAccount {
  username: string;
  email: string;
  passwordHash: string | null;
  claimed: boolean;
  grants: readonly Grant[];
}

/** The one table of people (PF-10) and its changes. Whether the caller may make them is asked at the edge (PF-16). */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #onRegistered: OnArrival[] = [];

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** Adds to every later registration's transaction. Called while the modules are put together. */
  onRegistered(fn: OnArrival): void {
    this.#onRegistered.push(fn);
  }

  /**
   * Registers a person; `open` issues the sessions the route wants, in the same transaction.
   * @throws Invalid `invalid_input` naming the fields, Conflict `username_taken` or `email_taken`. When the e-mail is that of an unclaimed
   * account, its claim link is mailed (PF-69).
   */
  async register<T>(
    registration: Registration,
    open: (tx: Tx, account: Account) => Promise<T>,
  ): Promise<{ account: Account; opened: T }> {
    const { username, email, password, nameRule = anyName } = registration;
    refuseFaults([...nameFaults(username, nameRule), ...emailFaults(email), ...passwordFaults(password)]);
    const passwordHash = await this.#options.passwords.inTurn((hasher) => hasher.hash(password));
    try {
      return await this.#options.database.transaction('accounts.register', async (tx) => {
        const account = await this.#insert(tx, { username, email, passwordHash, claimed: true, grants: [] });
        const opened = await open(tx, account);
        for (const fn of this.#onRegistered) await fn(tx, account, registration.arrival);
        return { account, opened };
      });
    } catch (error) {
      if (error instanceof Conflict && error.code === 'email_taken') await this.#options.recovery.sendClaimLink(email);
      throw error;
    }
  }

  /**
   * Makes an unclaimed account for an e-mail that made a prediction, and welcomes its owner by mail, in the caller's transaction (PG1). Call it
   * before locking rows of the module.
   * @throws Invalid `invalid_input`, Conflict `email_taken` (also when another transaction has just taken it).
   */
  async createUnclaimed(tx: Tx, email: string): Promise<Account> {
    refuseFaults(emailFaults(email));
    const username = makeUpName(this.#options.ports.random);
    const account = await this.#insert(tx, { username, email, passwordHash: null, claimed: false, grants: [] });
    await this.#options.recovery.welcome(tx, account.id);
    return account;
  }

  /**
   * The operator's first account, with every right: for `greenroom admin create`.
   * @throws as `register`.
   */
  async createAdmin(admin: { username: string; email: string; password: string }): Promise<Account> {
    const registered = await this.register({ ...admin, arrival: { through: 'platform' } }, (tx, account) =>
      this.#writeGrants(tx, account.id, ['superuser'], null),
    );
    return registered.opened;
  }

  /**
   * Ends everything that is signed in (PF-72); `open` may issue a session for who made the change.
   * @throws Invalid `invalid_input`, Unauthenticated `invalid_credentials`, TooMany `too_many`.
   */
  async changePassword<T>(
    owner: OwnerProof,
    password: string,
    open: (tx: Tx, account: Account) => Promise<T>,
  ): Promise<T> {
    refuseFaults(passwordFaults(password));
    // Before the transaction: one that holds a connection must not wait for a place among the hashes.
    const hash = await this.#options.passwords.inTurn((hasher) => hasher.hash(password));
    return await this.#asOwner('accounts.change_password', owner, async (tx, { row }) => {
      await tx.query('update accounts set password_hash = $2, claimed = true where id = $1', [row.id, hash]);
      await dropCodes(tx, row.id);
      await this.#options.sessions.endAll(tx, row.id);
      return await open(tx, toAccount(row));
    });
  }

  /**
   * The id stays (AU14).
   * @throws Invalid `invalid_input`, Unauthenticated `invalid_credentials`, Conflict `username_taken`, TooMany `too_many`.
   */
  async changeUsername(owner: OwnerProof, username: string, nameRule: NameRule = anyName): Promise<Account> {
    refuseFaults(nameFaults(username, nameRule));
    return await this.#asOwner('accounts.change_username', owner, async (tx, { row }) => {
      const key = keyOfName(username);
      if ((await claimNames(tx, row.id, [key])).size > 0) throw usernameTaken();
      const account = await this.#update(tx, row.id, 'username = $2, username_key = $3', [username, key]);
      this.#options.access.changed(tx, row.id);
      return account;
    });
  }

  /**
   * The new address is not verified, the old one is told (PF-66).
   * @throws Invalid `invalid_input`, Unauthenticated `invalid_credentials`, Conflict `email_taken`, TooMany `too_many`.
   */
  async changeEmail(owner: OwnerProof, email: string): Promise<Account> {
    refuseFaults(emailFaults(email));
    return await this.#asOwner('accounts.change_email', owner, async (tx, { row }) => {
      const key = keyOfName(email);
      if (key === row.email_key) return await this.#update(tx, row.id, 'email = $2', [email]);
      if ((await claimNames(tx, row.id, [key])).size > 0) throw emailTaken();
      const account = await this.#update(tx, row.id, 'email = $2, email_key = $3, email_verified_at = null', [
        email,
        key,
      ]);
      // Codes on their way to the old address must not open the account.
      await dropCodes(tx, row.id);
      if (row.email !== null) {
        const letter = emailChangedLetter(row.username, email);
        await this.#options.mailer.send(tx, { kind: 'email-changed', to: row.email, accountId: row.id, ...letter });
      }
      return account;
    });
  }

  /**
   * Replaces the grants of an account (PF-71). When one is taken away, its connections are cut, so that none goes on with it.
   * @throws NotFound `account_not_found`.
   */
  async setGrants(accountId: string, grants: readonly Grant[], actor: string | null): Promise<Account> {
    return await this.#options.database.transaction('accounts.set_grants', (tx) =>
      this.#writeGrants(tx, accountId, grants, actor),
    );
  }

  /**
   * Suspends an account, which ends everything signed in, or lets it in again (PF-72).
   * @throws NotFound `account_not_found`.
   */
  async setState(accountId: string, state: 'active' | 'suspended', actor: string | null): Promise<Account> {
    return await this.#options.database.transaction('accounts.set_state', async (tx) => {
      const row = await this.#lock(tx, accountId);
      if (row.state === state) return toAccount(row);
      const account = await this.#update(tx, accountId, 'state = $2', [state]);
      if (state === 'suspended') await this.#options.sessions.endAll(tx, accountId, actor);
      else this.#options.access.changed(tx, accountId, actor);
      return account;
    });
  }

  async find(db: Queryable, accountId: string): Promise<Account | undefined> {
    const row = await findById(db, accountId);
    return row && toAccount(row);
  }

  /** By username or e-mail, in any case and form. */
  async findByLogin(db: Queryable, login: string): Promise<Account | undefined> {
    const row = await findByLogin(db, login);
    return row && toAccount(row);
  }

  /** By its full e-mail only: whoever may invite finds anybody so (PF-70). */
  async findByEmail(db: Queryable, email: string): Promise<Account | undefined> {
    const row = await findByLogin(db, email);
    return row && row.email_key === keyOfName(email) ? toAccount(row) : undefined;
  }

  async #asOwner<T>(name: string, owner: OwnerProof, fn: (tx: Tx, proved: Proved) => Promise<T>): Promise<T> {
    const { accountId, password, address, limits } = owner;
    const attempt = { login: accountId, password, address, limits, find: (db: Queryable) => findById(db, accountId) };
    const result = await this.#options.proof.transact(name, attempt, async (tx, proved) => {
      if (proved.row.state !== 'active') throw new Unauthenticated('account_not_active', 'This account is not active.');
      return { value: await fn(tx, proved) };
    });
    if (!result) throw new Unauthenticated('invalid_credentials', 'The password is wrong.');
    return result.value;
  }

  async #insert(tx: Tx, wanted: NewAccount): Promise<Account> {
    const id = this.#options.ports.ids.uuid();
    const usernameKey = keyOfName(wanted.username);
    const emailKey = keyOfName(wanted.email);
    const taken = await claimNames(tx, id, [usernameKey, emailKey]);
    if (taken.has(usernameKey)) throw usernameTaken();
    if (taken.has(emailKey)) throw emailTaken();
    const [row] = await tx.query<AccountRow>(
      `insert into accounts (id, username, username_key, email, email_key, password_hash, claimed, grants, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${ACCOUNT_COLUMNS}`,
      [
        id,
        wanted.username,
        usernameKey,
        wanted.email,
        emailKey,
        wanted.passwordHash,
        wanted.claimed,
        wanted.grants,
        tx.now,
      ],
    );
    return toAccount(row!);
  }

  /** Sets columns (`$1` is the id), then lets go of login names that are not the account's any more. */
  async #update(tx: Tx, accountId: string, assignments: string, values: readonly unknown[]): Promise<Account> {
    const [row] = await tx.query<AccountRow>(
      `update accounts set ${assignments} where id = $1 returning ${ACCOUNT_COLUMNS}`,
      [accountId, ...values],
    );
    await tx.query('delete from login_names where account_id = $1 and name <> all ($2::text[])', [
      accountId,
      [row!.username_key, row!.email_key].filter((key) => key !== null),
    ]);
    return toAccount(row!);
  }

  async #writeGrants(tx: Tx, accountId: string, grants: readonly Grant[], actor: string | null): Promise<Account> {
    const row = await this.#lock(tx, accountId);
    const account = await this.#update(tx, accountId, 'grants = $2', [[...new Set(grants)].sort()]);
    const isLess = row.grants.some((grant) => !account.grants.has(grant));
    if (isLess) this.#options.access.ended(tx, { accountId, sessionIds: null }, actor);
    else this.#options.access.changed(tx, accountId, actor);
    return account;
  }

  async #lock(tx: Tx, accountId: string): Promise<AccountRow> {
    const [row] = await tx.lock<AccountRow>(ACCOUNTS, ACCOUNT_COLUMNS, [accountId]);
    if (!row || row.state === 'deleted') throw new NotFound('account_not_found', 'There is no such account.');
    return row;
  }
}

function usernameTaken(): Conflict {
  return taken('username_taken', { field: 'username', message: 'This name is taken.' });
}

function emailTaken(): Conflict {
  return taken('email_taken', { field: 'email', message: 'There is an account with this e-mail address already.' });
}

function taken(code: string, fault: FieldFault): Conflict {
  return new Conflict(code, fault.message, { errors: [fault] });
}
