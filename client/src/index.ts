export * from './account/account.ts';
export type { BackoffOptions } from './backoff.ts';
export { backoffMs } from './backoff.ts';
export * from './errors.ts';
export { newId } from './ids.ts';
export * from './opcodes.ts';
export * from './predictions/api.ts';
export * from './predictions/messages.ts';
export type { Answer, Operation, OperationParams } from './predictions/operations.ts';
export * from './predictions/payout.ts';
export type {
  Action,
  Backing,
  BalanceUpdate,
  Bet,
  ChatMessage,
  Distribution,
  FriendBet,
  GameAnnouncement,
  GameCard,
  GameDetails,
  GameEvent,
  GameStateRow,
  GameStatus,
  LeaderboardRow,
  PastEvent,
  PlayedGame,
  Pool,
  PoolResult,
  PoolType,
  ResolvedPool,
  RunningPool,
  Statistics,
  Target,
  UpcomingGame,
} from './predictions/shapes.ts';
export * from './realtime.ts';
export type { CallOptions, RestOptions } from './rest.ts';
export { RestClient, readCookie } from './rest.ts';
export { connectionDigest, sha256Hex } from './sha256.ts';
