import type { RestClient } from '../rest.ts';
import type { GameCard, GameDetails, LeaderboardRow, PlayedGame, Pool, Statistics } from './shapes.ts';

export interface Source {
  id: string;
  name: string;
  description: string | null;
}

export interface Score {
  target_id: string;
  display_name: string;
  count: number | string;
}

export interface ListedGame extends GameCard {
  source_id: string;
  source_name: string;
  score: Score[];
}

export interface GamesList {
  sources: Source[];
  games: ListedGame[];
}

export interface SessionKey {
  user_id: string;
  user_session_key: string;
  roles: { developer: boolean; sources: string[]; games: string[] };
  challenge_id: string;
}

export interface GameSnapshot {
  game: GameDetails;
  pools: Pool[];
}

export interface UpcomingBet {
  targetId: string;
  amount: number;
  email?: string;
}

/** What became of it (PG1 to PG4). */
export interface UpcomingPrediction {
  username: string;
  user_id: string;
  /** The account has to sign in to be seen. */
  needs_auth: boolean;
  /** Nothing is staked until the account signs in. */
  pending: boolean;
}

export interface Board {
  leaderboard: LeaderboardRow[];
  break_after_rank?: number[];
}

export interface TailoredCounts {
  top_count?: number;
  bottom_count?: number;
  surrounding_count?: number;
}

/** REST of predictions (contract 3) and the console's own routes. Every method throws ApiError or NetworkError. */
export class PredictionsApi {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** Active and upcoming games of every source. */
  games(signal?: AbortSignal): Promise<GamesList> {
    return this.#rest.get('/predictions/api/games', { signal });
  }

  /** One game with its unresolved pools, for visitors who are not signed in. */
  game(gameId: string, signal?: AbortSignal): Promise<GameSnapshot> {
    return this.#rest.get(`/predictions/api/games/${encodeURIComponent(gameId)}`, { signal });
  }

  source(sourceId: string, signal?: AbortSignal): Promise<Source> {
    return this.#rest.get(`/predictions/api/sources/${encodeURIComponent(sourceId)}`, { signal });
  }

  /** A key for the opcode websocket of the signed-in account. */
  sessionKey(): Promise<SessionKey> {
    return this.#rest.post('/predictions/api/session-key');
  }

  /**
   * Predicts before a match; the websocket takes predictions of opened games only (GM4). With an e-mail address nobody needs to be signed in.
   * @param idempotencyKey kept for a retry, which then counts once
   */
  predictUpcoming(pool: Pool, sourceId: string, bet: UpcomingBet, idempotencyKey: string): Promise<UpcomingPrediction> {
    const path = `/r/sources/${sourceId}/games/upcoming/${pool.game_id}/pools/${pool.pool_id}/predictions/`;
    const body = { user_backed: { [bet.targetId]: bet.amount } };
    return this.#rest.post(path, body, { query: { email: bet.email }, idempotencyKey });
  }

  async statistics(userId: string, signal?: AbortSignal): Promise<Statistics> {
    const answer = await this.#rest.get<{ statistics: Statistics }>(`/r/statistics/${userId}`, { signal });
    return answer.statistics;
  }

  /** User id to username. */
  async friends(userId: string, signal?: AbortSignal): Promise<Record<string, string>> {
    const answer = await this.#rest.get<{ friends: Record<string, string> }>(`/r/friends/${userId}`, { signal });
    return answer.friends;
  }

  /** Games with at least one bet of the user, newest first. */
  async history(userId: string, signal?: AbortSignal): Promise<PlayedGame[]> {
    const answer = await this.#rest.get<{ game_history: PlayedGame[] }>(`/r/games/history/${userId}`, { signal });
    return answer.game_history;
  }

  /** Best, last, and the user's own surroundings over all games (LB8). */
  globalBoard(userId: string | undefined, counts: TailoredCounts = {}, signal?: AbortSignal): Promise<Board> {
    return this.#rest.get(`/r/leaderboard/global/${userId ?? ''}`, { query: { ...counts }, signal });
  }

  gameBoard(
    gameId: string,
    userId: string | undefined,
    counts: TailoredCounts = {},
    signal?: AbortSignal,
  ): Promise<Board> {
    return this.#rest.get(`/r/leaderboard/global/game/${gameId}/${userId ?? ''}`, { query: { ...counts }, signal });
  }

  /** The user and the user's friends over all games. */
  friendsBoard(userId: string, signal?: AbortSignal): Promise<Board> {
    return this.#rest.get(`/r/leaderboard/personal/${userId}`, { signal });
  }

  friendsGameBoard(gameId: string, userId: string, signal?: AbortSignal): Promise<Board> {
    return this.#rest.get(`/r/leaderboard/personal/game/${gameId}/${userId}`, { signal });
  }

  /** Changes the username. @returns the new one (AU14) */
  async changeUsername(userId: string, usernameNew: string, password: string): Promise<string> {
    const body = { usernameNew, password, userId };
    return (await this.#rest.post<{ username: string }>('/r/username/', body)).username;
  }
}
