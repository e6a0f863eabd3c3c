/**
 * Plain data the rules decide on. Times are epoch milliseconds, money is hundredths of the currency unit (WC5).
 */

/** 1 pari-mutuel event-based, 2 pari-mutuel time-based, 3 binary event-based, 4 binary time-based (1.3). */
export type PoolType = 1 | 2 | 3 | 4;

/** Stored state of a game (6.1). */
export type GameState = 'created' | 'opened' | 'closing' | 'closed';

/** Stored state of a source (GM13). */
export type SourceState = 'open' | 'closing' | 'closed';

/** Stored state of a pool; whether it is blocked is a mark of its own (6.2). */
export type PoolState = 'open' | 'resolved' | 'expired' | 'voided';

/** What became of a bet (6.2). */
export type BetOutcome = 'placed' | 'won' | 'lost' | 'returned' | 'invalidated';

/** One node of a game's target tree, kept as a flat list in order of first appearance, `none` last (TG4, TG5). */
export type TargetEntry = { readonly targetId: string; readonly displayName: string };

/** One action of a game. */
export type ActionEntry = { readonly actionId: string; readonly name: string };

/** What the rules need to know of a game. `liveStartAt` only ever changes a label (GM3). */
export type Game = {
  readonly gameId: string;
  readonly state: GameState;
  readonly openAt: number;
  readonly liveStartAt: number | null;
  /** When its timer closes it (GM10), null when it has none. */
  readonly closeAt: number | null;
  readonly currency: string;
};

/** The question of a pool: what a recreated pool shares with its forerunner (PL11). */
export type PoolQuestion = {
  readonly gameId: string;
  readonly description: string;
  readonly type: PoolType;
  readonly actionId: string;
  /** In the order given, `none` last. */
  readonly targets: readonly TargetEntry[];
  readonly targetLevel: number;
  readonly recreateOnEnd: boolean;
};

/** A pool as stored. */
export type Pool = PoolQuestion & {
  readonly poolId: string;
  readonly state: PoolState;
  readonly startAt: number;
  readonly finishAt: number | null;
  readonly stopAcceptingBetsAt: number | null;
  readonly isBlocked: boolean;
  /** When the pool was last blocked or allowed, null when never. */
  readonly blockedAt: number | null;
  readonly allowedAt: number | null;
  /** Pending scheduled changes (PL7), null when none. */
  readonly pendingBlockAt: number | null;
  readonly pendingAllowAt: number | null;
  readonly isHot: boolean;
  readonly recreatedFrom: string | null;
  /** Place of the pool's creation in the log of its game (EV2). */
  readonly logSeq: number;
};

/** An accepted bet. `seq` is its place among the bets of the pool by registration (PO4). */
export type Bet = {
  readonly betId: string;
  readonly userId: string;
  readonly targetId: string;
  readonly amount: bigint;
  readonly placedAt: number;
  readonly seq: number;
};

/** The reserved target (1.3). */
export const NONE = 'none';
