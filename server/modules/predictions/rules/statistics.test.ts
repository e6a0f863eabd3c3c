import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BetSums, statisticsOf } from './statistics.ts';

const sums = (changes: Partial<BetSums> = {}): BetSums => ({
  betsWon: 0,
  betsLost: 0,
  validBets: 0,
  games: 0,
  net: 0n,
  settledGames: 0,
  reactionMs: 0,
  reactionPools: 0,
  ...changes,
});

test('without bets everything is 0 (ST3)', () => {
  assert.deepEqual(statisticsOf(sums()), {
    total_bets_won: 0,
    total_bets_lost: 0,
    average_number_of_bets_per_game: 0,
    average_points_won_per_game: 0,
    average_reaction_time: 0,
  });
});

test('predictions-65: won and lost bets are counted, averages go over their own games (ST1–ST4)', () => {
  const statistics = statisticsOf(
    sums({ betsWon: 2, betsLost: 1, validBets: 4, games: 2, net: 300n, settledGames: 2 }),
  );
  assert.deepEqual(statistics, {
    total_bets_won: 2,
    total_bets_lost: 1,
    average_number_of_bets_per_game: 2,
    average_points_won_per_game: 1.5,
    average_reaction_time: 0,
  });
  const running = statisticsOf(sums({ validBets: 4, games: 4, net: 300n, settledGames: 1 }));
  assert.deepEqual([running.average_number_of_bets_per_game, running.average_points_won_per_game], [1, 3]);
});

test('averages have two decimals, halves up (ST3, ST4)', () => {
  const bets = (validBets: number, games: number) =>
    statisticsOf(sums({ validBets, games })).average_number_of_bets_per_game;
  assert.deepEqual([bets(1, 3), bets(2, 3), bets(1, 8), bets(1, 200), bets(1, 201)], [0.33, 0.67, 0.13, 0.01, 0]);
  const points = (net: bigint, settledGames: number) =>
    statisticsOf(sums({ net, settledGames })).average_points_won_per_game;
  assert.deepEqual([points(1n, 2), points(-1n, 2), points(-3n, 2), points(-1000n, 3)], [0.01, 0, -0.01, -3.33]);
});

test('the reaction time is in whole milliseconds, halves up (ST5)', () => {
  const time = (reactionMs: number, reactionPools: number) =>
    statisticsOf(sums({ reactionMs, reactionPools })).average_reaction_time;
  assert.deepEqual([time(1001, 2), time(1000, 3), time(2000, 3), time(7, 1)], [501, 333, 667, 7]);
});
