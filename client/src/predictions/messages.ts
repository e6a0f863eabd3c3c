import type {
  BalanceUpdate,
  Bet,
  ChatMessage,
  Distribution,
  FriendBet,
  GameAnnouncement,
  GameCard,
  GameDetails,
  GameEvent,
  LeaderboardRow,
  Pool,
  PoolResult,
  PoolType,
  ResolvedPool,
  RunningPool,
  UpcomingGame,
} from './shapes.ts';

interface Board {
  currency: string;
  leaderboard: LeaderboardRow[];
}

interface TailoredBoard extends Board {
  /** Ranks after which rows are left out (LB9). */
  break_after_rank: number[];
}

interface Presence {
  game_id: string;
  user_id: string;
  user_name: string;
}

interface ActionBlock {
  game_id: string;
  action_id: string;
  scheduled?: boolean;
}

/** Body of each response code of predictions 4.4. */
export interface MessageBodies {
  1: object;
  2: { opcodes: Record<string, number>; response_codes: Record<string, number> };
  100: { session_key: string; restored?: boolean; games?: string[] };
  110: { text: string };
  112: { session_key: string };
  333: { game_id: string };
  334: { game_id: string };
  335: { source_id: string };
  336: { source_id: string };
  340: GameAnnouncement;
  341: { game_id: string };
  342: GameDetails;
  343: { game_id: string };
  345: { source_id: string; games: GameCard[] };
  350: { game_id: string; pool_id: string; description: string; type: PoolType };
  352: Pool;
  353: { game_id: string; pools_list: Pool[] };
  354: { game_id: string; pools_list: RunningPool[] };
  355: { game_id: string; pools_list: ResolvedPool[] };
  356: { pool_id: string; bet_id: string; target: string; amount: number; placed_at?: number };
  360: { pool_id: string; target_level: number; distribution: Distribution[] };
  361: {
    pool_id: string;
    target_level: number;
    distribution: Distribution[];
    new_bets: Bet[];
    game_id?: string;
    amount_total?: number;
    participants?: number;
  };
  362: PoolResult;
  363: PoolResult & { expired_at: number };
  366: GameEvent;
  367: { pool_id: string; hot_since: number; is_hot?: boolean; scheduled?: boolean };
  368: { pool_id: string; blocked_at: number; scheduled?: boolean };
  369: { pool_id: string; allowed_at: number; scheduled?: boolean };
  370: ActionBlock & { blocked_at: number };
  371: ActionBlock & { allowed_at: number };
  450: Board & { game_type: string };
  451: Board & { game_id: string };
  452: Board & { game_type: string };
  453: Board & { game_id: string };
  454: Board & { source_id: string };
  460: { pool_id: string; predictions: FriendBet[] };
  461: { game_id: string; predictions: { running: FriendBet[]; resolved: FriendBet[] } };
  470: Presence;
  480: Presence;
  617: { game_id: string; username: string };
  620: { games: { id: string; name: string }[] };
  621: { sources: { id: string; name: string; description: string | null }[] };
  640: { game_id: string };
  645: { game_id: string; reason: string };
  666: { text: string; error: string; code: number; op?: number; details?: Record<string, unknown> };
  800: { currency: string; current_balance: number };
  810: { currency: string; available_balance: number };
  815: BalanceUpdate;
  840: { currency: string; exposure: number };
  901: ChatMessage;
  3401: GameAnnouncement;
  3402: GameAnnouncement;
  3461: { source_id: string; games: UpcomingGame[] };
  3535: { game_id: string; pools_list: Pool[] };
  4505: TailoredBoard & { game_type: string };
  4515: TailoredBoard & { game_id: string };
  4516: Board & { source_id: string };
  4517: TailoredBoard & { source_id: string };
}

export type ResponseCode = keyof MessageBodies;

export interface ResponseHeader {
  /** Server time, epoch milliseconds. */
  t: number;
  /** Echo of the request's `header.rid` (WC2). */
  rid?: string | number;
  /** Number of this message within its game (WC11). */
  seq?: number;
}

export type Message<Code extends ResponseCode> = { res: Code; response_header: ResponseHeader } & MessageBodies[Code];

/** Any message of the server, told apart by `res`. */
export type AnyMessage = { [Code in ResponseCode]: Message<Code> }[ResponseCode];
