import { type StatisticsShape, statisticsOf } from '../rules/statistics.ts';
import type { ServiceDeps } from './deps.ts';

interface SumsRow {
  bets_won: bigint;
  bets_lost: bigint;
  valid_bets: bigint;
  games: bigint;
  net: bigint;
  settled_games: bigint;
  reaction_ms: bigint;
  reaction_pools: bigint;
}

/** What a player has done so far (ST1-ST5). */
export class StatisticsService {
  readonly #database: ServiceDeps['database'];

  constructor(deps: Pick<ServiceDeps, 'database'>) {
    this.#database = deps.database;
  }

  /** The five figures of one player. */
  async of(accountId: string): Promise<StatisticsShape> {
    const [row] = await this.#database.query<SumsRow>(SUMS, [accountId]);
    return statisticsOf({
      betsWon: Number(row!.bets_won),
      betsLost: Number(row!.bets_lost),
      validBets: Number(row!.valid_bets),
      games: Number(row!.games),
      net: row!.net,
      settledGames: Number(row!.settled_games),
      reactionMs: Number(row!.reaction_ms),
      reactionPools: Number(row!.reaction_pools),
    });
  }
}

/**
 * A row per pool with a valid bet of the player; `n` is how many valid bets that is, all on one target (BT4). `placed_at` never decreases within a
 * pool (BT5), so the first bet is the first valid one wherever one is valid.
 */
const SUMS = `
  with mine as (
    select x.bets - x.late_bets as n, x.target_id, x.first_placed_at, x.net, p.game_id, p.start_at, p.state, p.winning_target, p.is_money_return
    from predictions_positions x join predictions_pools p on p.id = x.pool_id
    where x.account_id = $1 and x.bets > x.late_bets
  )
  select
    coalesce(sum(n) filter (where not is_money_return and target_id = winning_target), 0)::bigint as bets_won,
    coalesce(sum(n) filter (where not is_money_return and target_id <> winning_target), 0)::bigint as bets_lost,
    coalesce(sum(n), 0)::bigint as valid_bets,
    count(distinct game_id) as games,
    coalesce(sum(net), 0)::bigint as net,
    count(distinct game_id) filter (where state <> 'open') as settled_games,
    coalesce(sum(first_placed_at - start_at), 0)::bigint as reaction_ms,
    count(*) as reaction_pools
  from mine`;
