import { invalidParameter, RuleError, type RuleErrorName } from './errors.ts';
import { isBinary } from './pool-type.ts';
import type { Game, GameState, Pool, SourceState } from './types.ts';

/** `status` as shown (6.1). */
export type GameStatus =
  | 'betting_not_yet_active'
  | 'pre_game_betting_active'
  | 'game_in_progress_betting_active'
  | 'game_in_progress_betting_closed'
  | 'game_closed';

type GameClock = Pick<Game, 'state' | 'openAt' | 'liveStartAt' | 'closeAt'>;

/** Status of a game at an instant; computed, never stored (GM3, 6.1). */
export function gameStatus(game: GameClock, now: number): GameStatus {
  if (game.state === 'closed') return 'game_closed';
  if (game.state === 'closing') return 'game_in_progress_betting_closed';
  if (game.state === 'created' || now < game.openAt) return 'betting_not_yet_active';
  return isLive(game, now) ? 'game_in_progress_betting_active' : 'pre_game_betting_active';
}

/** Whether a REST path with `active` accepts the game: opened and not closed (3.2). */
export function isOnActivePath(game: Pick<Game, 'state'>): boolean {
  return game.state === 'opened' || game.state === 'closing';
}

/** Whether a REST path with `upcoming` accepts the game: not opened, or opened with pre-game betting (3.2). */
export function isOnUpcomingPath(game: GameClock, now: number): boolean {
  return game.state === 'created' || gameStatus(game, now) === 'pre_game_betting_active';
}

/** Times given with op 370 or 3701, null where unset. */
export type AskedGameTimes = {
  readonly openAt: number | null;
  readonly closeAt: number | null;
  readonly liveStartAt: number | null;
  readonly liveFinishAt: number | null;
};

/** Times a new game gets. */
export type GameTimes = AskedGameTimes & { readonly openAt: number; readonly liveStartAt: number };

/** Fills in and checks the times of a new game: GM2, I48, defaults of op 370. Throws 6607. */
export function planGameTimes(asked: AskedGameTimes, now: number): GameTimes {
  const openAt = Math.max(asked.openAt ?? now, now);
  if (asked.closeAt !== null && asked.closeAt <= openAt) throw invalidParameter('close_at');
  return { openAt, closeAt: asked.closeAt, liveStartAt: asked.liveStartAt ?? now, liveFinishAt: asked.liveFinishAt };
}

/** What may be asked of a game; several ops share one act. */
export type GameAct =
  | 'open'
  | 'join'
  | 'update'
  | 'create_pool'
  | 'bet'
  | 'bet_pre_game'
  | 'register_event'
  | 'resolve_binary'
  | 'block'
  | 'allow'
  | 'mark_hot'
  | 'close';

type Refusals = Partial<Record<GameState, RuleErrorName>> & { readonly beforeOpenAt?: RuleErrorName };

/** Which act which state refuses, and how (GM4, GM8, GM12, EV13, 6.1). */
const REFUSALS: Readonly<Record<GameAct, Refusals>> = {
  open: { opened: 'invalid_parameter', closing: 'invalid_parameter', closed: 'game_closed' },
  join: { closed: 'game_closed' },
  update: { closed: 'game_closed' },
  create_pool: { closing: 'game_closed', closed: 'game_closed', beforeOpenAt: 'game_not_open' },
  bet: { created: 'game_not_open', closing: 'game_closed', closed: 'game_closed', beforeOpenAt: 'game_not_open' },
  bet_pre_game: { closing: 'game_closed', closed: 'game_closed' },
  register_event: {
    created: 'game_not_open',
    closing: 'game_closed',
    closed: 'game_closed',
    beforeOpenAt: 'game_not_open',
  },
  resolve_binary: { closed: 'game_closed' },
  block: { closed: 'game_closed' },
  allow: { closing: 'game_closed', closed: 'game_closed' },
  mark_hot: { closed: 'game_closed' },
  close: { closed: 'game_closed' },
};

/** Throws what the game's state has against the act: 6617, 6618, or 6607 for opening an opened game. */
export function assertGameAllows(act: GameAct, game: GameClock, now: number): void {
  const refusals = REFUSALS[act];
  const error = refusals[stateAt(game, now)] ?? (now < game.openAt ? refusals.beforeOpenAt : undefined);
  if (error === 'invalid_parameter') throw invalidParameter('game_id', 'This game is open already.');
  if (error !== undefined) throw new RuleError(error);
}

/** The state that counts: past `close_at` a game is as its timer will leave it, whether or not that ran (GM10, GM11, SC2). */
function stateAt({ state, closeAt }: GameClock, now: number): GameState {
  if (closeAt === null || now <= closeAt) return state;
  if (state === 'created') return 'closed';
  return state === 'opened' ? 'closing' : state;
}

/** Throws 6619 when the source takes no new games or pools any more (GM13); also for closing a closed source. */
export function assertSourceAllows(act: 'create' | 'close', state: SourceState): void {
  if (state === 'closed' || (state === 'closing' && act === 'create')) throw new RuleError('source_closed');
}

/** What closing a game does to its unresolved pools and to the game itself. */
export type ClosePlan<P> = {
  /** Pari-mutuel pools: resolve to `none` as of the close (GM7, EV14). */
  readonly toNone: readonly P[];
  /** Manual pools to block now, with a 368 each (GM7); those blocked before get none (PL6). */
  readonly toBlock: readonly P[];
  /** Pools to void (GM9, GM11). */
  readonly toVoid: readonly P[];
  /** Manual pools still waiting for their 395: the details of 6627 (GM8). */
  readonly remaining: readonly P[];
  readonly nextState: 'closing' | 'closed';
};

/**
 * Decides op 375, 366 and the `close_at` timer for one game (GM7–GM11), from its unresolved pools. Repeating it after a
 * crash, or on a closing game, does only what is left. Throws 6618 for a closed game.
 */
export function planClose<P extends Pick<Pool, 'type' | 'isBlocked'>>(
  state: GameState,
  unresolved: readonly P[],
  force: boolean,
): ClosePlan<P> {
  if (state === 'closed') throw new RuleError('game_closed');
  if (state === 'created') return { toNone: [], toBlock: [], toVoid: unresolved, remaining: [], nextState: 'closed' };
  const manual = unresolved.filter((pool) => isBinary(pool.type));
  const remaining = force ? [] : manual;
  return {
    toNone: unresolved.filter((pool) => !isBinary(pool.type)),
    toBlock: remaining.filter((pool) => !pool.isBlocked),
    toVoid: force ? manual : [],
    remaining,
    nextState: remaining.length === 0 ? 'closed' : 'closing',
  };
}

/** State of a source after closing its games: closed once no pool waits in any of them (GM13). */
export function sourceStateAfterClose(remainingPools: number): SourceState {
  return remainingPools === 0 ? 'closed' : 'closing';
}

/** Default hashtag: first three letters of each word of the name, capitalised (GM5). */
export function hashtagOf(gameName: string): string {
  const words = gameName.normalize('NFC').match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
  return `#${words.map(capitalisedStart).join('')}`;
}

function capitalisedStart(word: string): string {
  const [first = '', ...rest] = [...word].slice(0, 3);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

function isLive(game: GameClock, now: number): boolean {
  return game.liveStartAt === null || now >= game.liveStartAt;
}
