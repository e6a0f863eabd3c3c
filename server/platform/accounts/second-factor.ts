import { Secret, TOTP } from 'otpauth';
import { type Secrets, SecretUnreadable } from '../config/secrets.ts';
import type { Database, Queryable, Tx } from '../database/types.ts';
import { Conflict, Invalid, Unauthenticated } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { hashOf } from './credentials.ts';
import { type FailureLimits, recordFailure } from './failures.ts';
import type { PasswordProof } from './password-proof.ts';
import { ACCOUNTS, findById } from './tables.ts';

const PERIOD_SECONDS = 30;
const RECOVERY_CODES = 10;
const PURPOSE = 'totp';
/** Without letters and digits that look alike; 16 of 32 characters are 80 bits, out of reach for guessing even from the stored digests. */
const RECOVERY_ALPHABET = 'abcdefghjkmnpqrstuvwxyz023456789';
const RECOVERY_CHARS = 16;

/** `off`: the account has none. `missing`: it has, and no code came. */
export type SecondFactorVerdict = 'off' | 'right' | 'missing' | 'wrong';

export interface SecondFactorState {
  enabled: boolean;
  /** Begun, not confirmed. */
  pending: boolean;
  recoveryCodesLeft: number;
}

interface FactorRow {
  secret_sealed: string;
  confirmed_at: bigint | null;
  last_step: bigint;
}

export interface SecondFactorOptions {
  database: Database;
  ports: Pick<Ports, 'random'>;
  secrets: Secrets;
  proof: PasswordProof;
  /** Shown by authenticator apps. */
  issuer: string;
}

/** Time-based one-time codes (RFC 6238) with recovery codes (PF-13). Changes hold the account's lock. */
export class SecondFactor {
  readonly #database: Database;
  readonly #ports: SecondFactorOptions['ports'];
  readonly #secrets: Secrets;
  readonly #proof: PasswordProof;
  readonly #issuer: string;

  constructor(options: SecondFactorOptions) {
    this.#database = options.database;
    this.#ports = options.ports;
    this.#secrets = options.secrets;
    this.#proof = options.proof;
    this.#issuer = options.issuer;
  }

  async state(db: Queryable, accountId: string): Promise<SecondFactorState> {
    const [row] = await db.query<{ confirmed: boolean; codes: bigint }>(
      `select confirmed_at is not null as confirmed, (select count(*) from recovery_codes c where c.account_id = f.account_id) as codes
       from second_factors f where account_id = $1`,
      [accountId],
    );
    return {
      enabled: row?.confirmed ?? false,
      pending: row !== undefined && !row.confirmed,
      recoveryCodesLeft: Number(row?.codes ?? 0),
    };
  }

  /**
   * Begins enrolment with a new secret; a begun one is replaced. Nothing is asked at sign-in until `confirm`.
   * @throws Conflict `second_factor_on`.
   */
  async begin(accountId: string): Promise<{ secret: string; uri: string }> {
    const secret = new Secret({ buffer: new Uint8Array(this.#ports.random.bytes(20)).buffer });
    const username = await this.#database.transaction('second_factor.begin', async (tx) => {
      const [account] = await tx.lock<{ username: string }>(ACCOUNTS, 'username', [accountId]);
      const written = await tx.query(
        `insert into second_factors (account_id, secret_sealed, created_at) values ($1, $2, $3)
         on conflict (account_id) do update set secret_sealed = excluded.secret_sealed, created_at = excluded.created_at
         where second_factors.confirmed_at is null returning 1`,
        [accountId, this.#secrets.seal(PURPOSE, Buffer.from(secret.bytes)), tx.now],
      );
      if (written.length === 0) throw alreadyOn();
      return account!.username;
    });
    return { secret: secret.base32, uri: this.#totp(secret, username).toString() };
  }

  /**
   * Turns the second factor on, with a code that proves the app has the secret. Returns the recovery codes, shown this once.
   * @throws Invalid `invalid_code`, Conflict `second_factor_on`.
   */
  async confirm(accountId: string, code: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => this.#newRecoveryCode());
    await this.#database.transaction('second_factor.confirm', async (tx) => {
      await tx.lock(ACCOUNTS, 'id', [accountId]);
      const row = await this.#read(tx, accountId);
      if (row && row.confirmed_at !== null) throw alreadyOn();
      const step = row && this.#acceptedStep(row, code, tx.now);
      if (step === undefined) throw wrongCode();
      await tx.query('update second_factors set confirmed_at = $2, last_step = $3 where account_id = $1', [
        accountId,
        tx.now,
        step,
      ]);
      await tx.query('insert into recovery_codes (account_id, code_hash) select $1, unnest($2::bytea[])', [
        accountId,
        codes.map((recoveryCode) => hashOf(plainCode(recoveryCode))),
      ]);
    });
    return codes;
  }

  /**
   * Turns it off; wants the password and a code.
   * @throws Unauthenticated `invalid_credentials`, Invalid `invalid_code`, TooMany `too_many`.
   */
  async disable(
    accountId: string,
    attempt: { code: string; password: string; address: string; limits: FailureLimits },
  ): Promise<void> {
    const { code, password, address, limits } = attempt;
    const find = (db: Queryable) => findById(db, accountId);
    const verdict = await this.#proof.transact(
      'second_factor.disable',
      { login: accountId, password, address, limits, find },
      async (tx, proved) => {
        const seen = await this.check(tx, accountId, code);
        if (seen === 'right') await tx.query('delete from second_factors where account_id = $1', [accountId]);
        if (seen === 'wrong') await recordFailure(tx, proved.subject, address, tx.now);
        return seen;
      },
    );
    if (verdict === undefined) throw new Unauthenticated('invalid_credentials', 'The password is wrong.');
    if (verdict === 'wrong' || verdict === 'missing') throw wrongCode();
  }

  /**
   * Judges the code of a sign-in and uses it up, in a transaction that holds the account's lock: a code is accepted once (PF-13). A recovery
   * code may stand in its place.
   */
  async check(tx: Tx, accountId: string, code: string | undefined): Promise<SecondFactorVerdict> {
    const row = await this.#read(tx, accountId);
    if (!row || row.confirmed_at === null) return 'off';
    if (code === undefined || code.trim() === '') return 'missing';
    const step = this.#acceptedStep(row, code, tx.now);
    if (step !== undefined) {
      await tx.query('update second_factors set last_step = $2 where account_id = $1', [accountId, step]);
      return 'right';
    }
    const used = await tx.query('delete from recovery_codes where account_id = $1 and code_hash = $2 returning 1', [
      accountId,
      hashOf(plainCode(code)),
    ]);
    return used.length > 0 ? 'right' : 'wrong';
  }

  async #read(db: Queryable, accountId: string): Promise<FactorRow | undefined> {
    const [row] = await db.query<FactorRow>(
      'select secret_sealed, confirmed_at, last_step from second_factors where account_id = $1',
      [accountId],
    );
    return row;
  }

  /** The time step whose code this is, when it is this one or a neighbour and later than the last one used. */
  #acceptedStep(row: FactorRow, code: string, nowMs: number): number | undefined {
    const token = code.replaceAll(/\s/g, '');
    const secret = /^\d{6}$/.test(token) ? this.#openSecret(row.secret_sealed) : undefined;
    const delta = secret && this.#totp(secret, '').validate({ token, timestamp: nowMs, window: 1 });
    if (delta === undefined || delta === null) return undefined;
    const step = TOTP.counter({ period: PERIOD_SECONDS, timestamp: nowMs }) + delta;
    return step > Number(row.last_step) ? step : undefined;
  }

  /** Nothing when it came out of a backup without the installation's secret (PF-53): recovery codes still work then. */
  #openSecret(sealed: string): Secret | undefined {
    try {
      return new Secret({ buffer: new Uint8Array(this.#secrets.open(PURPOSE, sealed)).buffer });
    } catch (error) {
      if (error instanceof SecretUnreadable) return undefined;
      throw error;
    }
  }

  #totp(secret: Secret, label: string): TOTP {
    return new TOTP({ issuer: this.#issuer, label, secret, period: PERIOD_SECONDS, digits: 6, algorithm: 'SHA1' });
  }

  #newRecoveryCode(): string {
    const chars = [...this.#ports.random.bytes(RECOVERY_CHARS)].map((byte) => RECOVERY_ALPHABET[byte % 32]);
    return chars.join('').replace(/(.{4})(?=.)/g, '$1-');
  }
}

/** A recovery code may come back in capitals, with or without its dashes. */
function plainCode(code: string): string {
  return code.toLowerCase().replaceAll(/[\s-]/g, '');
}

function alreadyOn(): Conflict {
  return new Conflict('second_factor_on', 'The second factor is on already.');
}

function wrongCode(): Invalid {
  return new Invalid('invalid_code', 'This code is not right, or was used already.');
}
