import type { Principal } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import { placedAtOut } from '../rules/distribution.ts';
import { moneyOut } from '../rules/money.ts';
import { accountOf } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import { isUuid, readGame, readPool } from './store.ts';

/** Most friends, or bets of friends, in one body (DESIGN M5). */
const MOST_SHOWN = 1_000;

interface FriendBetRow {
  account_id: string;
  username: string;
  target_id: string;
  amount: bigint;
  placed_at: bigint;
  id: string;
  pool_id: string;
  is_open: boolean;
  /** Older bets of this friend in this pool are not listed. */
  is_cut: boolean;
}

/** Friends, made by challenge ids, and what they predict (FR1, FR2). */
export class FriendService {
  readonly #deps: Pick<ServiceDeps, 'database' | 'settings'>;

  constructor(deps: Pick<ServiceDeps, 'database' | 'settings'>) {
    this.#deps = deps;
  }

  /** Makes a player and the owner of a challenge id friends, both ways, once. An unknown or own id changes nothing (FR1). */
  async befriend(tx: Tx, accountId: string, challengeId: string): Promise<void> {
    if (!isUuid(challengeId)) return;
    await tx.query(
      `insert into predictions_friends (account_id, friend_id, since)
       select pair.one, pair.other, $3 from predictions_players p
       cross join lateral (values ($1::uuid, p.account_id), (p.account_id, $1::uuid)) as pair(one, other)
       where p.challenge_id = $2 and p.account_id <> $1 order by pair.one
       on conflict (account_id, friend_id) do nothing`,
      [accountId, challengeId, tx.now],
    );
  }

  /** `friends` of 3.3: user id to username, 1,000 at a time; `next` is the cursor of the next page. */
  async list(accountId: string, cursor: string | null = null): Promise<Record<string, unknown>> {
    const rows = await this.#deps.database.query<{ friend_id: string; username: string }>(
      `select f.friend_id, a.username from predictions_friends f join accounts a on a.id = f.friend_id
       where f.account_id = $1 and ($2::uuid is null or f.friend_id > $2) order by f.friend_id limit $3`,
      [accountId, cursor !== null && isUuid(cursor) ? cursor : null, MOST_SHOWN + 1],
    );
    const shown = rows.slice(0, MOST_SHOWN);
    const friends = Object.fromEntries(shown.map((row) => [row.friend_id, row.username]));
    return rows.length > MOST_SHOWN ? { friends, truncated: true, next: shown.at(-1)!.friend_id } : { friends };
  }

  /** Ids of a player's friends. */
  async idsOf(database: Queryable, accountId: string): Promise<Set<string>> {
    const rows = await database.query<{ friend_id: string }>(
      'select friend_id from predictions_friends where account_id = $1',
      [accountId],
    );
    return new Set(rows.map((row) => row.friend_id));
  }

  /** Body of 460: valid and late bets of my friends, never mine (FR2). @throws RuleError 6610, 6602 */
  async betsInPool(principal: Principal, poolId: string): Promise<Record<string, unknown>> {
    const accountId = accountOf(principal);
    const pool = await readPool(this.#deps.database, poolId);
    const { bets, ...rest } = await this.#bets(accountId, 'p.id = $2', pool.poolId);
    return { pool_id: pool.poolId, predictions: this.#shapes(bets), ...rest };
  }

  /** Body of 461: the same for all pools of a game, unresolved ones apart. @throws RuleError 6609, 6602 */
  async betsInGame(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    const accountId = accountOf(principal);
    const game = await readGame(this.#deps.database, gameId);
    const { bets, ...rest } = await this.#bets(accountId, 'p.game_id = $2', game.gameId);
    const predictions = {
      running: this.#shapes(bets.filter((row) => row.is_open)),
      resolved: this.#shapes(bets.filter((row) => !row.is_open)),
    };
    return { game_id: game.gameId, predictions, ...rest };
  }

  /** The newest bets of the friends in order of placing; a position knows its newest ones, so that no pool's whole list is read (DESIGN M5). */
  async #bets(
    accountId: string,
    where: 'p.id = $2' | 'p.game_id = $2',
    id: string,
  ): Promise<{ bets: FriendBetRow[]; truncated?: true }> {
    const rows = await this.#deps.database.query<FriendBetRow>(
      `select b.account_id, a.username, b.target_id, b.amount, b.placed_at, b.id, b.pool_id, p.state = 'open' as is_open,
         x.bets > cardinality(x.recent_seqs) as is_cut
       from predictions_friends f
       join predictions_positions x on x.account_id = f.friend_id
       join predictions_pools p on p.id = x.pool_id and ${where}
       join predictions_bets b on b.pool_id = x.pool_id and b.seq = any (x.recent_seqs)
       join accounts a on a.id = x.account_id
       where f.account_id = $1 order by b.placed_at desc, b.pool_id desc, b.seq desc limit $3`,
      [accountId, id, MOST_SHOWN + 1],
    );
    const bets = rows.slice(0, MOST_SHOWN);
    const isCut = rows.length > bets.length || bets.some((row) => row.is_cut);
    return { bets: bets.reverse(), ...(isCut ? { truncated: true } : {}) };
  }

  #shapes(rows: readonly FriendBetRow[]): Record<string, unknown>[] {
    const legacy = this.#deps.settings.legacyPlacedAtSeconds;
    return rows.map((row) => ({
      user_id: row.account_id,
      username: row.username,
      target: row.target_id,
      target_id: row.target_id,
      amount: moneyOut(row.amount),
      placed_at: placedAtOut(Number(row.placed_at), legacy),
      bet_id: row.id,
      pool_id: row.pool_id,
    }));
  }
}
