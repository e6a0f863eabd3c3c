import type { LockTable, Queryable, Tx } from '../../../platform/database/types.ts';
import { RuleError } from '../rules/errors.ts';
import type {
  ActionEntry,
  Bet,
  Game,
  GameState,
  Pool,
  PoolState,
  PoolType,
  SourceState,
  TargetEntry,
} from '../rules/types.ts';

/** Places of the module's tables in the one lock order (DESIGN M3). */
export const SOURCES: LockTable = { name: 'predictions_sources', key: 'id', keyType: 'uuid', rank: 100 };
export const GAMES: LockTable = { name: 'predictions_games', key: 'id', keyType: 'uuid', rank: 110 };
export const PLAYERS: LockTable = { name: 'predictions_players', key: 'account_id', keyType: 'uuid', rank: 115 };
export const POOLS: LockTable = { name: 'predictions_pools', key: 'id', keyType: 'uuid', rank: 120 };
export const BALANCES: LockTable = {
  name: 'predictions_balances',
  key: 'account_id',
  order: 'account_id, currency',
  keyType: 'uuid',
  rank: 900,
};

/** An owner of games. */
export interface StoredSource {
  sourceId: string;
  name: string;
  description: string | null;
  state: SourceState;
}

/** A game with everything shown of it. */
export interface StoredGame extends Game {
  sourceId: string;
  typeId: string;
  typeGiven: string;
  typeName: string;
  name: string;
  closeAt: number | null;
  liveFinishAt: number | null;
  hashtag: string;
  imageUrl: string | null;
  actions: ActionEntry[];
  targets: TargetEntry[];
  closedAt: number | null;
}

/** A pool with its money and how it ended. */
export interface StoredPool extends Pool {
  /** Valid money, people and bets per target, in the order of `targets`. */
  money: bigint[];
  people: number[];
  betCounts: number[];
  participants: number;
  nextBetSeq: number;
  lastPlacedAt: number;
  winningTarget: string | null;
  isMoneyReturn: boolean | null;
  lateFrom: number | null;
  resolvedAt: number | null;
  expiredAt: number | null;
  isParked: boolean;
  /** Pending 3975 and 3985 of the pool's action (PL8). */
  actionBlockAt: number | null;
  actionAllowAt: number | null;
}

export const GAME_COLUMNS = `id, source_id, type_id, type_given,
  (select t.name from predictions_game_types t where t.id = type_id) as type_name, name, state, open_at, close_at, live_start_at,
  live_finish_at, currency, hashtag, image_url, actions, targets, closed_at`;

export const POOL_COLUMNS = `id, game_id, description, type, action_id, targets, target_level, state, log_seq, start_at, finish_at,
  stop_accepting_bets_at, recreate_on_end, recreated_from, is_blocked, blocked_at, allowed_at, pending_block_at, pending_allow_at, is_hot,
  money, people, bet_counts, participants, next_bet_seq, last_placed_at, winning_target, is_money_return, late_from, resolved_at, expired_at, parked_at,
  (select t.due_at from timers t where t.kind = 'predictions.action.block' and t.key = game_id || '/' || action_id) as action_block_at,
  (select t.due_at from timers t where t.kind = 'predictions.action.allow' and t.key = game_id || '/' || action_id) as action_allow_at`;

export interface GameRow {
  id: string;
  source_id: string;
  type_id: string;
  type_given: string;
  type_name: string;
  name: string;
  state: GameState;
  open_at: bigint;
  close_at: bigint | null;
  live_start_at: bigint | null;
  live_finish_at: bigint | null;
  currency: string;
  hashtag: string;
  image_url: string | null;
  actions: ActionEntry[];
  targets: TargetEntry[];
  closed_at: bigint | null;
}

export interface PoolRow {
  id: string;
  game_id: string;
  description: string;
  type: PoolType;
  action_id: string;
  targets: TargetEntry[];
  target_level: number;
  state: PoolState;
  log_seq: bigint;
  start_at: bigint;
  finish_at: bigint | null;
  stop_accepting_bets_at: bigint | null;
  recreate_on_end: boolean;
  recreated_from: string | null;
  is_blocked: boolean;
  blocked_at: bigint | null;
  allowed_at: bigint | null;
  pending_block_at: bigint | null;
  pending_allow_at: bigint | null;
  is_hot: boolean;
  money: bigint[];
  people: number[];
  bet_counts: number[];
  participants: number;
  next_bet_seq: bigint;
  last_placed_at: bigint;
  winning_target: string | null;
  is_money_return: boolean | null;
  late_from: bigint | null;
  resolved_at: bigint | null;
  expired_at: bigint | null;
  parked_at: bigint | null;
  action_block_at: bigint | null;
  action_allow_at: bigint | null;
}

export function gameFromRow(row: GameRow): StoredGame {
  return {
    gameId: row.id,
    state: row.state,
    openAt: Number(row.open_at),
    liveStartAt: instant(row.live_start_at),
    currency: row.currency,
    sourceId: row.source_id,
    typeId: row.type_id,
    typeGiven: row.type_given,
    typeName: row.type_name,
    name: row.name,
    closeAt: instant(row.close_at),
    liveFinishAt: instant(row.live_finish_at),
    hashtag: row.hashtag,
    imageUrl: row.image_url,
    actions: row.actions,
    targets: row.targets,
    closedAt: instant(row.closed_at),
  };
}

export function poolFromRow(row: PoolRow): StoredPool {
  return {
    poolId: row.id,
    gameId: row.game_id,
    description: row.description,
    type: row.type,
    actionId: row.action_id,
    targets: row.targets,
    targetLevel: row.target_level,
    recreateOnEnd: row.recreate_on_end,
    state: row.state,
    startAt: Number(row.start_at),
    finishAt: instant(row.finish_at),
    stopAcceptingBetsAt: instant(row.stop_accepting_bets_at),
    isBlocked: row.is_blocked,
    blockedAt: instant(row.blocked_at),
    allowedAt: instant(row.allowed_at),
    pendingBlockAt: instant(row.pending_block_at),
    pendingAllowAt: instant(row.pending_allow_at),
    isHot: row.is_hot,
    recreatedFrom: row.recreated_from,
    logSeq: Number(row.log_seq),
    money: row.money,
    people: row.people,
    betCounts: row.bet_counts,
    participants: row.participants,
    nextBetSeq: Number(row.next_bet_seq),
    lastPlacedAt: Number(row.last_placed_at),
    winningTarget: row.winning_target,
    isMoneyReturn: row.is_money_return,
    lateFrom: instant(row.late_from),
    resolvedAt: instant(row.resolved_at),
    expiredAt: instant(row.expired_at),
    isParked: row.parked_at !== null,
    actionBlockAt: instant(row.action_block_at),
    actionAllowAt: instant(row.action_allow_at),
  };
}

export interface BetRow {
  seq: bigint;
  id: string;
  account_id: string;
  target_id: string;
  amount: bigint;
  placed_at: bigint;
}

export const BET_COLUMNS = 'seq, id, account_id, target_id, amount, placed_at';

export function betFromRow(row: BetRow): Bet {
  return {
    betId: row.id,
    userId: row.account_id,
    targetId: row.target_id,
    amount: row.amount,
    placedAt: Number(row.placed_at),
    seq: Number(row.seq),
  };
}

/** Whether a text is a UUID: ids are opaque on the wire, and any other text is simply unknown (WC8). */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}

interface SourceRow {
  id: string;
  name: string;
  description: string | null;
  state: SourceState;
}

const SOURCE_COLUMNS = 'id, name, description, state';

/** Reads a source. @throws RuleError 6608 */
export async function readSource(database: Queryable, sourceId: string): Promise<StoredSource> {
  const rows = isUuid(sourceId)
    ? await database.query<SourceRow>(`select ${SOURCE_COLUMNS} from predictions_sources where id = $1`, [sourceId])
    : [];
  return sourceFromRow(rows[0], sourceId);
}

/** Locks a source: who creates games in it or closes it does so one after the other. @throws RuleError 6608 */
export async function lockSource(tx: Tx, sourceId: string): Promise<StoredSource> {
  const rows = isUuid(sourceId) ? await tx.lock<SourceRow>(SOURCES, SOURCE_COLUMNS, [sourceId]) : [];
  return sourceFromRow(rows[0], sourceId);
}

function sourceFromRow(row: SourceRow | undefined, sourceId: string): StoredSource {
  if (!row) throw new RuleError('unknown_source', { source_id: sourceId });
  return { sourceId: row.id, name: row.name, description: row.description, state: row.state };
}

/** Reads a game. @throws RuleError 6609 */
export async function readGame(database: Queryable, gameId: string): Promise<StoredGame> {
  const rows = isUuid(gameId)
    ? await database.query<GameRow>(`select ${GAME_COLUMNS} from predictions_games where id = $1`, [gameId])
    : [];
  if (!rows[0]) throw new RuleError('unknown_game', { game_id: gameId });
  return gameFromRow(rows[0]);
}

/** Locks a game: who registers events, creates pools or closes it does so one after the other. @throws RuleError 6609 */
export async function lockGame(tx: Tx, gameId: string): Promise<StoredGame> {
  const rows = isUuid(gameId) ? await tx.lock<GameRow>(GAMES, GAME_COLUMNS, [gameId]) : [];
  if (!rows[0]) throw new RuleError('unknown_game', { game_id: gameId });
  return gameFromRow(rows[0]);
}

/** Reads a pool. @throws RuleError 6610 */
export async function readPool(database: Queryable, poolId: string): Promise<StoredPool> {
  const rows = isUuid(poolId)
    ? await database.query<PoolRow>(`select ${POOL_COLUMNS} from predictions_pools where id = $1`, [poolId])
    : [];
  if (!rows[0]) throw new RuleError('unknown_pool', { pool_id: poolId });
  return poolFromRow(rows[0]);
}

/** Locks a pool. @throws RuleError 6610 */
export async function lockPool(tx: Tx, poolId: string): Promise<StoredPool> {
  const rows = isUuid(poolId) ? await tx.lock<PoolRow>(POOLS, POOL_COLUMNS, [poolId]) : [];
  if (!rows[0]) throw new RuleError('unknown_pool', { pool_id: poolId });
  return poolFromRow(rows[0]);
}

/** Locks pools in the house's order; unknown ones are absent. */
export async function lockPools(tx: Tx, poolIds: readonly string[]): Promise<Map<string, StoredPool>> {
  const rows = await tx.lock<PoolRow>(POOLS, POOL_COLUMNS, poolIds.filter(isUuid));
  return new Map(rows.map((row) => [row.id, poolFromRow(row)]));
}

/** Unresolved pools of a game, by start and id (4.3). */
export async function readUnresolvedPools(database: Queryable, gameId: string): Promise<StoredPool[]> {
  const rows = await database.query<PoolRow>(
    `select ${POOL_COLUMNS} from predictions_pools where game_id = $1 and state = 'open' order by start_at, id`,
    [gameId],
  );
  return rows.map(poolFromRow);
}

function instant(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
