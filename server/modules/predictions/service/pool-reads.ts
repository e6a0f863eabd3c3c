import type { Principal } from '../../../platform/accounts/types.ts';
import type { ShownBets } from '../rules/distribution.ts';
import { moneyOut } from '../rules/money.ts';
import { poolDistribution, poolShape } from '../shapes.ts';
import { accountOf, requireAction } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import type { GameReads, GameStage } from './game-reads.ts';
import { readShownBets } from './shown-bets.ts';
import {
  isUuid,
  POOL_COLUMNS,
  type PoolRow,
  poolFromRow,
  readGame,
  readPool,
  readUnresolvedPools,
  type StoredGame,
  type StoredPool,
} from './store.ts';

/** Most resolved pools in one list, the newest (DESIGN M5). */
const MOST_RESOLVED = 1_000;

/** What a player has in a pool, in hundredths. */
interface Stake {
  targetId: string;
  /** Valid stakes only. */
  valid: bigint;
  net: bigint;
}

/** What a REST list of pools asks for; `userId` null = nobody's. */
export interface AskedPools {
  sourceId: string | null;
  gameId: string;
  stage: GameStage;
  list: 'open' | 'running';
  userId: string | null;
}

/** Lists of pools and their distributions (387-390, 393, REST). Nothing here changes anything. */
export class PoolReads {
  readonly #deps: ServiceDeps;
  readonly #games: GameReads;

  constructor(deps: ServiceDeps, games: GameReads) {
    this.#deps = deps;
    this.#games = games;
  }

  /** 387: all unresolved pools, blocked ones too. Body of 3535. @throws RuleError 6609 */
  async allUnresolved(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    requireAction(this.#deps.authority, principal, 'predictions.play');
    const { game, pools } = await this.#unresolvedOf(gameId);
    return { game_id: game.gameId, pools_list: await this.#shapes(game, pools) };
  }

  /** 388: unresolved pools without a bet of the caller. Body of 353. @throws RuleError 6602, 6609 */
  async myOpen(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    const { game, pools } = await this.#unresolvedOf(gameId);
    const stakes = await this.#stakesOf(accountOf(principal), pools);
    const open = pools.filter((pool) => !stakes.has(pool.poolId));
    return { game_id: game.gameId, pools_list: await this.#shapes(game, open) };
  }

  /** 389: unresolved pools with a bet of the caller. Body of 354. @throws RuleError 6602, 6609 */
  async myRunning(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    const { game, pools } = await this.#unresolvedOf(gameId);
    const stakes = await this.#stakesOf(accountOf(principal), pools);
    const running = pools.filter((pool) => stakes.has(pool.poolId));
    return { game_id: game.gameId, pools_list: await this.#shapes(game, running, { stakes }) };
  }

  /** 390: decided pools with a bet of the caller, also after the game. Body of 355. @throws RuleError 6602, 6609 */
  async myResolved(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    const accountId = accountOf(principal);
    const game = await readGame(this.#deps.database, gameId);
    const rows = await this.#deps.database.query<PoolRow>(
      `select * from (
         select ${POOL_COLUMNS} from predictions_pools where game_id = $1 and state <> 'open'
           and id in (select pool_id from predictions_positions where account_id = $2)
         order by resolved_at desc limit $3
       ) p order by start_at, id`,
      [game.gameId, accountId, MOST_RESOLVED],
    );
    const pools = rows.map(poolFromRow);
    const stakes = await this.#stakesOf(accountId, pools);
    const shapes = await this.#shapes(game, pools, { stakes });
    const results = pools.map((pool, i) => ({ ...shapes[i], ...outcomeOf(pool, game, stakes.get(pool.poolId)!) }));
    return { game_id: game.gameId, pools_list: results };
  }

  /** 393: who backs what. Body of 360. @throws RuleError 6610 */
  async distribution(principal: Principal, poolId: string): Promise<Record<string, unknown>> {
    const { authority, database, settings } = this.#deps;
    requireAction(authority, principal, 'predictions.play');
    const pool = await readPool(database, poolId);
    const shown = await readShownBets(database, [pool]);
    const distribution = poolDistribution(pool, shown.get(pool.poolId), settings.legacyPlacedAtSeconds);
    return { pool_id: pool.poolId, target_level: pool.targetLevel, distribution };
  }

  /** REST: unresolved pools of a game, those a user has a bet in left out (`open`) or only those (`running`). @throws RuleError 6609 */
  async ofGame(principal: Principal, asked: AskedPools): Promise<{ pools: Record<string, unknown>[] }> {
    requireAction(this.#deps.authority, principal, 'predictions.public.read');
    const game = await this.#games.onPath(asked);
    const pools = await readUnresolvedPools(this.#deps.database, game.gameId);
    const userId = asked.userId !== null && isUuid(asked.userId) ? asked.userId : null;
    const stakes = userId === null ? new Map<string, Stake>() : await this.#stakesOf(userId, pools);
    const isRunning = asked.list === 'running';
    const listed = pools.filter((pool) => stakes.has(pool.poolId) === isRunning);
    return { pools: await this.#shapes(game, listed, { withUsers: true, ...(isRunning ? { stakes } : {}) }) };
  }

  /** Unresolved pools; none in a closed game (GM12). */
  async #unresolvedOf(gameId: string): Promise<{ game: StoredGame; pools: StoredPool[] }> {
    const game = await readGame(this.#deps.database, gameId);
    const pools = game.state === 'closed' ? [] : await readUnresolvedPools(this.#deps.database, game.gameId);
    return { game, pools };
  }

  async #stakesOf(accountId: string, pools: readonly StoredPool[]): Promise<Map<string, Stake>> {
    const rows = await this.#deps.database.query<{
      pool_id: string;
      target_id: string;
      valid: bigint;
      net: bigint | null;
    }>(
      `select pool_id, target_id, amount - late_amount as valid, net from predictions_positions
       where account_id = $1 and pool_id = any ($2::uuid[])`,
      [accountId, pools.map((pool) => pool.poolId)],
    );
    return new Map(rows.map((row) => [row.pool_id, { targetId: row.target_id, valid: row.valid, net: row.net ?? 0n }]));
  }

  async #shapes(
    game: StoredGame,
    pools: readonly StoredPool[],
    options: { stakes?: ReadonlyMap<string, Stake>; withUsers?: boolean } = {},
  ): Promise<Record<string, unknown>[]> {
    const shown = await readShownBets(this.#deps.database, pools, options);
    return pools.map((pool) => ({
      ...this.#shape(game, pool, shown.get(pool.poolId)!),
      ...(options.stakes ? { user_backed: userBacked(options.stakes.get(pool.poolId)) } : {}),
    }));
  }

  #shape(game: StoredGame, pool: StoredPool, shown: ReadonlyMap<string, ShownBets>): Record<string, unknown> {
    const legacySeconds = this.#deps.settings.legacyPlacedAtSeconds;
    return poolShape(pool, { liveStartAt: game.liveStartAt, shown, legacySeconds });
  }
}

/** Valid stakes by target; nothing for whoever only bet too late (6.2). */
function userBacked(stake: Stake | undefined): Record<string, number> {
  return stake && stake.valid > 0n ? { [stake.targetId]: moneyOut(stake.valid) } : {};
}

/** What 355 adds to a pool with the caller's stakes (4.3, PO7). */
function outcomeOf(pool: StoredPool, game: StoredGame, stake: Stake): Record<string, unknown> {
  return {
    winning_target: pool.winningTarget,
    total_winnings: moneyOut(stake.net > 0n ? stake.net : 0n),
    resolved_at: pool.resolvedAt,
    game_name: game.name,
    is_money_return: pool.isMoneyReturn ?? true,
  };
}
