import { divideHalfUp, moneyOut } from './money.ts';

/** Sums over a user's bets that the statistics are made of. Valid = not invalidated; running pools count where said. */
export type BetSums = {
  /** Valid bets on the winner, and on other targets, of resolved pools without money return (ST1, ST2). */
  readonly betsWon: number;
  readonly betsLost: number;
  /** Valid bets, running ones included, and the distinct games they are in (ST3). */
  readonly validBets: number;
  readonly games: number;
  /** Net over settled pools in hundredths, and the distinct games with a settled pool (ST4). */
  readonly net: bigint;
  readonly settledGames: number;
  /** Σ (first valid bet's `placed_at` − pool's `start_at`) in ms, and the pools it runs over (ST5). */
  readonly reactionMs: number;
  readonly reactionPools: number;
};

/** `statistics` as sent (3.3). */
export type StatisticsShape = {
  total_bets_won: number;
  total_bets_lost: number;
  average_number_of_bets_per_game: number;
  average_points_won_per_game: number;
  average_reaction_time: number;
};

/** A user's statistics (ST1–ST5): averages to 2 decimals, the reaction time to whole ms, halves up, 0 without anything to average. */
export function statisticsOf(sums: BetSums): StatisticsShape {
  return {
    total_bets_won: sums.betsWon,
    total_bets_lost: sums.betsLost,
    average_number_of_bets_per_game: moneyOut(mean(BigInt(sums.validBets) * 100n, sums.games)),
    average_points_won_per_game: moneyOut(mean(sums.net, sums.settledGames)),
    average_reaction_time: Number(mean(BigInt(sums.reactionMs), sums.reactionPools)),
  };
}

function mean(sum: bigint, count: number): bigint {
  return count === 0 ? 0n : divideHalfUp(sum, BigInt(count));
}
