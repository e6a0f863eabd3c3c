/** Shapes of predictions 4.3. Times are epoch milliseconds, money a number with at most two decimals. */

export interface Target {
  target_id: string;
  symbol: string;
  display_name: string;
  targets: Target[];
}

export interface Action {
  action_id: string;
  name: string;
}

export interface Bet {
  bet_id: string;
  placed_at: number;
  amount: number;
  user_id: string;
}

/** What is on one target of a pool. */
export interface Distribution {
  target_id: string;
  display_name: string;
  backing_people: number;
  backing_money: number;
  /** Pool total divided by the money on this target, cut to four decimals (PO9). */
  to_win_if_backed: number;
  /** Newest first 100 (BO1); absent in 361. */
  bets?: Bet[];
  bets_total?: number;
  user_ids?: string[];
}

/** 1 pari-mutuel by event, 2 pari-mutuel by time, 3 yes/no by event, 4 yes/no by time. */
export type PoolType = 1 | 2 | 3 | 4;

export interface Pool {
  pool_id: string;
  game_id: string;
  description: string;
  name: string;
  type: PoolType;
  pool_type: PoolType;
  action_id: string;
  target_level: number;
  participants: number;
  people_involved: number;
  amount_total: number;
  money_at_stake: number;
  is_blocked: boolean;
  is_hot: boolean;
  distribution: Distribution[];
  start_at: number;
  live_start_at: number | null;
  finish_at: number | null;
  stop_accepting_bets_at: number | null;
  recreated_from?: string | null;
}

/** Own money on each target of a pool. */
export type Backing = Record<string, number>;

export interface RunningPool extends Pool {
  user_backed: Backing;
}

export interface ResolvedPool extends RunningPool {
  winning_target: string | null;
  /** Net: 0 for losers, returns and invalidated (PO7). */
  total_winnings: number;
  resolved_at: number;
  game_name: string;
  is_money_return: boolean;
}

export type GameStatus =
  | 'betting_not_yet_active'
  | 'pre_game_betting_active'
  | 'game_in_progress_betting_active'
  | 'game_in_progress_betting_closed'
  | 'game_closed';

export interface GameCard {
  game_id: string;
  status: GameStatus;
  name: string;
  type: string;
  type_name: string;
  open_at: number | null;
  schedulted_at: number | null;
  scheduled_at: number | null;
  live_start_at: number | null;
  close_at: number | null;
  targets: Target[];
  actions: Action[];
}

export interface UpcomingGame {
  id: string;
  source_id: string;
  game_name: string;
  currency: string;
  game_type_id: string;
  live_start_at: number | null;
  hashtag: string;
}

export interface PastEvent {
  event_id: string;
  happened_at: number;
  target_id: string;
  action_id: string;
}

/** `action_id`, and for every level-1 target its count as a string (WC10). */
export type GameStateRow = { action_id: string } & Record<string, string>;

export interface GameDetails {
  game_id: string;
  source_id: string;
  name: string;
  game_name: string;
  status: GameStatus;
  type: string;
  type_name: string;
  actions: Action[];
  targets: Target[];
  game_state: GameStateRow[];
  /** Newest first (I4). */
  past_events: PastEvent[];
  open_at: number | null;
  live_start_at: number | null;
  live_finish_at: number | null;
  close_at: number | null;
  currency: string;
  hashtag: string;
  image_url: string | null;
}

/** Body of 340, 3401, 3402. */
export interface GameAnnouncement {
  source_id: string;
  game_id: string;
  game_name: string;
  type: string;
  actions: Action[];
  targets: Target[];
  open_at: number | null;
  live_start_at: number | null;
  live_finish_at: number | null;
  close_at: number | null;
  hashtag: string;
  image_url: string | null;
  currency: string;
}

/** Body of 362; 363 adds `expired_at`. `winners` is net, `losers` the stake (PO6). */
export interface PoolResult {
  pool_id: string;
  game_id: string;
  description: string;
  winning_target: string | null;
  winners: Record<string, number>;
  losers: Record<string, number>;
  invalidated_bettors: string[];
  is_money_return: boolean;
  resolved_at: number;
  truncated?: boolean;
  winners_total?: number;
  losers_total?: number;
}

export interface GameEvent {
  game_id: string;
  description: string;
  action_id: string;
  target_id: string;
  target_display_name: string;
  current_count: Record<string, string>;
  happened_at: number;
  event_id: string;
  duplicate?: boolean;
}

export interface LeaderboardRow {
  username: string;
  points: number;
  rank: number;
  user_id: string;
  global_rank?: number;
}

export interface FriendBet {
  user_id: string;
  username: string;
  target: string;
  target_id: string;
  amount: number;
  placed_at: number;
  bet_id: string;
  pool_id: string;
}

export interface BalanceUpdate {
  currency: string;
  current_balance: number;
  available_balance: number;
  exposure?: number;
}

export interface ChatMessage {
  text: string;
  sender: string;
  received_at: number;
  /** Game id. */
  channel: string;
}

/** The five keys of ST1-ST5. */
export interface Statistics {
  total_bets_won: number;
  total_bets_lost: number;
  average_number_of_bets_per_game: number;
  average_points_won_per_game: number;
  /** Whole milliseconds. */
  average_reaction_time: number;
}

export interface PlayedGame {
  id: string;
  name: string;
  type: string;
  open_at: number | null;
  close_at: number | null;
}
