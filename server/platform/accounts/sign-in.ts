import type { Tx } from '../database/types.ts';
import { type FailureLimits, forgiveFailures, recordFailure } from './failures.ts';
import type { PasswordProof } from './password-proof.ts';
import type { SecondFactor } from './second-factor.ts';
import { type Account, findByLogin, toAccount } from './tables.ts';

/** By which module's route somebody came, and who invited him. */
export interface Arrival {
  /** `platform` or a module's name. */
  through: string;
  inviteId?: string;
}

/** What a module adds, in the same transaction, when somebody registers or signs in by any route (PG3, FR1, PF-70). */
export type OnArrival = (tx: Tx, account: Account, arrival: Arrival) => Promise<void>;

export interface SignInAttempt {
  /** Username or e-mail. */
  login: string;
  password: string;
  /** Code of the second factor, or a recovery code. */
  otp?: string;
  address: string;
  /** The route's own limits on the shared counts (PF-67). */
  limits: FailureLimits;
  arrival: Arrival;
}

export type SignInResult<T> =
  | { kind: 'signed_in'; account: Account; opened: T }
  /** Unknown name or wrong password: not told apart. */
  | { kind: 'invalid_credentials' }
  /** The password is right (PF-68). */
  | { kind: 'second_factor_required'; given: 'missing' | 'wrong' }
  /** The password is right, the account suspended. */
  | { kind: 'suspended' };

/** Sign-in by password, the same for all routes of all modules (PF-11, PF-67, PF-68). */
export class SignIn {
  readonly #proof: PasswordProof;
  readonly #secondFactor: SecondFactor;
  readonly #onSignedIn: OnArrival[] = [];

  constructor(options: { proof: PasswordProof; secondFactor: SecondFactor }) {
    this.#proof = options.proof;
    this.#secondFactor = options.secondFactor;
  }

  /** Adds to every later sign-in's transaction. Called while the modules are put together. */
  onSignedIn(fn: OnArrival): void {
    this.#onSignedIn.push(fn);
  }

  /**
   * Proves name, password and second factor; then `open` issues the sessions the route wants, in the same transaction.
   * @throws TooMany `too_many` by the attempt's limits, Unavailable `busy`; what `open` throws undoes the sign-in.
   */
  async signIn<T>(attempt: SignInAttempt, open: (tx: Tx, account: Account) => Promise<T>): Promise<SignInResult<T>> {
    const { login, password, address, limits } = attempt;
    const proof = {
      login,
      password,
      address,
      limits,
      find: (db: Parameters<typeof findByLogin>[0]) => findByLogin(db, login),
    };
    const result = await this.#proof.transact<SignInResult<T>>(
      'accounts.sign_in',
      proof,
      async (tx, { row, subject }) => {
        if (row.state !== 'active') return { kind: 'suspended' };
        const verdict = await this.#secondFactor.check(tx, row.id, attempt.otp);
        if (verdict === 'wrong') await recordFailure(tx, subject, address, tx.now);
        if (verdict === 'wrong' || verdict === 'missing') return { kind: 'second_factor_required', given: verdict };
        await forgiveFailures(tx, subject, address);
        await tx.query('update accounts set last_login_at = $2 where id = $1', [row.id, tx.now]);
        const account = toAccount(row);
        const opened = await open(tx, account);
        for (const fn of this.#onSignedIn) await fn(tx, account, attempt.arrival);
        return { kind: 'signed_in', account, opened };
      },
    );
    return result ?? { kind: 'invalid_credentials' };
  }
}
