import type { Accounts } from '../../../platform/accounts/accounts.ts';
import { keyOfName } from '../../../platform/accounts/names.ts';
import type { Arrival } from '../../../platform/accounts/sign-in.ts';
import {
  ACCOUNT_COLUMNS,
  ACCOUNTS,
  type Account,
  type AccountRow,
  toAccount,
} from '../../../platform/accounts/tables.ts';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import { Conflict } from '../../../platform/errors.ts';
import type { Mailer } from '../../../platform/mail/types.ts';
import { invalidParameter, RuleError } from '../rules/errors.ts';
import { assertGameAllows, isOnUpcomingPath } from '../rules/game.ts';
import { parseStake } from '../rules/money.ts';
import { poolRefusal, targetOfPool } from '../rules/pool.ts';
import { answerOf, type BetService, type NewBet, type PlacedBet } from './bets.ts';
import type { ServiceDeps } from './deps.ts';
import type { FriendService } from './friends.ts';
import type { PlayerService } from './players.ts';
import { isUuid, readGame, readPool } from './store.ts';

/** A stored prediction waits so long for its owner to sign in; its pool has mostly closed long before. */
const PENDING_LIFETIME_MS = 30 * 86_400_000;
/** More stored predictions than this for one account are dropped: anybody may send them. */
const MOST_PENDING = 100;
const DAY_MS = 86_400_000;
/** Two requests may want to make the account of one e-mail at once: the later one finds it made. */
const MOST_TRIES = 3;

/** What is staked on what; `target` and `amount` as sent. */
export interface AskedPrediction {
  /** Null for the older paths that name no source. */
  sourceId: string | null;
  gameId: string;
  poolId: string;
  target: string;
  amount: unknown;
}

/** What became of a prediction by e-mail. `opened` is what `open` issued for a new account, else null. */
export interface EmailPrediction<T> {
  outcome: 'new_account' | 'placed' | 'pending';
  /** Null for `pending`: nothing of a claimed account is told (PG3). */
  account: Account | null;
  opened: T | null;
}

export interface PregameParts {
  accounts: Pick<Accounts, 'findByEmail' | 'createUnclaimed' | 'find'>;
  players: PlayerService;
  friends: FriendService;
  bets: BetService;
  mailer: Mailer;
  /** `PUBLIC_URL`. */
  publicUrl: string;
}

/** Predictions before a game, also by people who only gave an e-mail address, and what is done when they arrive (PG1-PG6, FR1). */
export class PregameService {
  readonly #deps: Pick<ServiceDeps, 'database' | 'ports' | 'settings'>;
  readonly #parts: PregameParts;

  constructor(deps: Pick<ServiceDeps, 'database' | 'ports' | 'settings'>, parts: PregameParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  /**
   * A prediction of somebody signed in (PG4). `email`, when given, must be his own.
   * @throws RuleError as BetService.place, 6607 for somebody else's e-mail, 6608-6610, 6618
   */
  async predict(principal: AccountPrincipal, asked: AskedPrediction, email: string | null): Promise<PlacedBet> {
    await this.#requireUpcoming(asked);
    if (email !== null) {
      const account = await this.#parts.accounts.find(this.#deps.database, principal.accountId);
      const isOwn = account?.email != null && keyOfName(account.email) === keyOfName(email);
      if (!isOwn) throw invalidParameter('email', 'This is not the e-mail address of the account that is logged in.');
    }
    await this.#parts.players.enter(principal);
    return await this.#parts.bets.place(betOf(principal.accountId, asked));
  }

  /**
   * A prediction of whoever reads mail at an address (PG1-PG3). A refused bet makes no account; `open` issues the session of a new one in its
   * transaction.
   * @throws RuleError as BetService.place, 6608-6610, 6618; Invalid `invalid_input` for the e-mail
   */
  async predictByEmail<T>(
    asked: AskedPrediction,
    email: string,
    open: (tx: Tx, account: Account) => Promise<T>,
  ): Promise<EmailPrediction<T>> {
    await this.#requireUpcoming(asked);
    for (let tries = 1; ; tries++) {
      const known = await this.#parts.accounts.findByEmail(this.#deps.database, email);
      if (known) return await this.#predictFor(known, asked);
      try {
        return await this.#predictForNewcomer(asked, email, open);
      } catch (error) {
        if (tries >= MOST_TRIES || !(error instanceof Conflict && error.code === 'email_taken')) throw error;
      }
    }
  }

  /**
   * What the module adds to every registration and sign-in, by whatever route, in its transaction: the player row of those who come through the
   * module, friends by invitation, stored predictions (PF-70, FR1, PG3). Locks pools and balances, so it comes after hooks that lock less.
   */
  async arrived(tx: Tx, account: Account, arrival: Arrival): Promise<void> {
    const { friends, players } = this.#parts;
    const invitations = await invitationsOf(tx, account, arrival);
    const pending = await takePending(tx, account.id);
    if (arrival.through !== 'predictions' && invitations.length === 0 && pending.length === 0) return;
    await players.ensurePlayer(tx, account.id);
    for (const challengeId of invitations) await friends.befriend(tx, account.id, challengeId);
    if (pending.length > 0) await this.#parts.bets.placeAll(tx, pending);
  }

  /** Keeps an e-mail address for later and writes to it, at most once a day (PG6). */
  async preSignUp(email: string, predictionSaved: boolean, challengeId: string | null): Promise<void> {
    await this.#deps.database.transaction('predictions.presignup', async (tx) => {
      const today = Math.floor(tx.now / DAY_MS);
      const rows = await tx.query<{ is_due: boolean }>(
        `insert into predictions_presignups as p (email_key, email, challenge_id, prediction_saved, mailed_on, created_at)
         values ($1, $2, $3, $4, 0, $6)
         on conflict (email_key) do update set challenge_id = coalesce(excluded.challenge_id, p.challenge_id),
           prediction_saved = p.prediction_saved or excluded.prediction_saved
         returning mailed_on < $5::int as is_due`,
        [keyOfName(email), email, challengeId, predictionSaved, today, tx.now],
      );
      if (!rows[0]!.is_due) return;
      await tx.query('update predictions_presignups set mailed_on = $2 where email_key = $1', [
        keyOfName(email),
        today,
      ]);
      const letter = preSignUpLetter(this.#parts.publicUrl, predictionSaved);
      await this.#parts.mailer.send(tx, { kind: 'predictions.presignup', to: email, ...letter });
    });
  }

  /** Drops stored predictions that nobody came for. Returns how many. */
  async purgePending(): Promise<number> {
    const rows = await this.#deps.database.query(
      'delete from predictions_pending where expires_at <= $1 returning 1 as gone',
      [this.#deps.ports.clock.now()],
    );
    return rows.length;
  }

  /** The account, its grant, its session and the bet, or nothing of it (PG1). */
  async #predictForNewcomer<T>(
    asked: AskedPrediction,
    email: string,
    open: (tx: Tx, account: Account) => Promise<T>,
  ): Promise<EmailPrediction<T>> {
    return await this.#deps.database.transaction('predictions.pregame.newcomer', async (tx) => {
      const account = await this.#parts.accounts.createUnclaimed(tx, email);
      const opened = await open(tx, account);
      await this.#parts.players.ensurePlayer(tx, account.id);
      for (const challengeId of await invitationsOf(tx, account)) {
        await this.#parts.friends.befriend(tx, account.id, challengeId);
      }
      await this.#place(tx, account.id, asked);
      return { outcome: 'new_account' as const, account, opened };
    });
  }

  /** PG2 for an account that nobody has claimed yet, PG3 for one that somebody must log in to. */
  async #predictFor(known: Account, asked: AskedPrediction): Promise<EmailPrediction<never>> {
    return await this.#deps.database.transaction('predictions.pregame', async (tx) => {
      // Locked, so that nothing is staked for an account that is claimed in this moment.
      const [row] = await tx.lock<AccountRow>(ACCOUNTS, ACCOUNT_COLUMNS, [known.id]);
      if (!row || row.claimed || row.state !== 'active') {
        await this.#keepPending(tx, known.id, asked);
        return { outcome: 'pending' as const, account: null, opened: null };
      }
      await this.#parts.players.ensurePlayer(tx, row.id);
      await this.#place(tx, row.id, asked);
      return { outcome: 'placed' as const, account: toAccount(row), opened: null };
    });
  }

  async #place(tx: Tx, accountId: string, asked: AskedPrediction): Promise<void> {
    const [outcome] = await this.#parts.bets.placeAll(tx, [betOf(accountId, asked)]);
    answerOf(outcome!);
  }

  /** Refuses what could never be placed (BT3), funds aside: those are the owner's secret. */
  async #keepPending(tx: Tx, accountId: string, asked: AskedPrediction): Promise<void> {
    const pool = await readPool(tx, asked.poolId);
    assertGameAllows('bet_pre_game', await readGame(tx, asked.gameId), tx.now);
    const refusal = poolRefusal(pool, tx.now);
    if (refusal !== null) throw new RuleError(refusal, { pool_id: pool.poolId });
    const target = targetOfPool(pool, asked.target);
    const amount = parseStake(asked.amount, this.#deps.settings.limits);
    await tx.query(
      `insert into predictions_pending (id, account_id, pool_id, target, amount, created_at, expires_at)
       select $1, $2, $3, $4, $5, $6::bigint, $6::bigint + $7::bigint
       where (select count(*) from predictions_pending where account_id = $2) < $8`,
      [
        this.#deps.ports.ids.uuid(),
        accountId,
        pool.poolId,
        target,
        decimalText(amount),
        tx.now,
        PENDING_LIFETIME_MS,
        MOST_PENDING,
      ],
    );
  }

  /** The path must lead to the pool, and its game must not have begun (3.2). @throws RuleError 6609, 6610, 6618 */
  async #requireUpcoming(asked: AskedPrediction): Promise<void> {
    const { database, ports } = this.#deps;
    const game = await readGame(database, asked.gameId);
    if (asked.sourceId !== null && asked.sourceId.toLowerCase() !== game.sourceId) {
      throw new RuleError('unknown_game', { game_id: asked.gameId });
    }
    const pool = await readPool(database, asked.poolId);
    if (pool.gameId !== game.gameId) throw new RuleError('unknown_pool', { pool_id: asked.poolId });
    if (!isOnUpcomingPath(game, ports.clock.now())) {
      throw new RuleError(
        'game_closed',
        { game_id: game.gameId },
        { text: 'Pre-game predictions in this game are over.' },
      );
    }
  }
}

function betOf(userId: string, { poolId, target, amount }: AskedPrediction): NewBet {
  return { userId, poolId, target, amount, clientRef: null, kind: 'pre_game' };
}

/** Hundredths as plain decimals, as the rules read them back. */
function decimalText(amount: bigint): string {
  return `${amount / 100n}.${String(amount % 100n).padStart(2, '0')}`;
}

/** Challenge ids that somebody came with now, or left with his e-mail before (FR1, PG6); those of other players only. */
async function invitationsOf(tx: Queryable, account: Account, arrival?: Arrival): Promise<string[]> {
  const left = await tx.query<{ challenge_id: string | null }>(
    'select challenge_id from predictions_presignups where email_key = $1',
    [account.email === null ? null : keyOfName(account.email)],
  );
  const asked = [arrival?.inviteId, left[0]?.challenge_id].filter((id) => typeof id === 'string' && isUuid(id));
  if (asked.length === 0) return [];
  const rows = await tx.query<{ challenge_id: string }>(
    'select challenge_id from predictions_players where account_id <> $1 and challenge_id = any ($2::uuid[])',
    [account.id, asked],
  );
  return rows.map((row) => row.challenge_id);
}

/** Takes the account's stored predictions out; the caller places them, or they are gone (PG3). */
async function takePending(tx: Tx, accountId: string): Promise<NewBet[]> {
  const rows = await tx.query<{
    id: string;
    pool_id: string;
    target: string;
    amount: string;
    created_at: bigint;
    expires_at: bigint;
  }>(
    'delete from predictions_pending where account_id = $1 returning id, pool_id, target, amount, created_at, expires_at',
    [accountId],
  );
  return rows
    .filter((row) => Number(row.expires_at) > tx.now)
    .sort((a, b) => Number(a.created_at - b.created_at) || (a.id < b.id ? -1 : 1))
    .map((row) => ({
      userId: accountId,
      poolId: row.pool_id,
      target: row.target,
      amount: row.amount,
      clientRef: null,
      kind: 'pre_game',
    }));
}

function preSignUpLetter(publicUrl: string, predictionSaved: boolean): { subject: string; text: string } {
  const opening = predictionSaved
    ? 'your prediction is saved. Create an account with this address to see how it does:'
    : 'thank you for your interest. Create an account with this address to start predicting:';
  return {
    subject: predictionSaved ? 'Your prediction is saved' : 'Come and predict',
    text: ['Hello,', '', opening, '', `${publicUrl.replace(/\/$/, '')}/i/play`, ''].join('\n'),
  };
}
