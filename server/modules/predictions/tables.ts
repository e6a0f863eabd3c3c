import {
  bigint,
  boolean,
  integer,
  jsonb,
  type PgTable,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ActionEntry, GameState, PoolState, SourceState, TargetEntry } from './rules/types.ts';

/** Tables of the module as Drizzle sees them; the migrations make them, a test compares the two. Instants are epoch ms, money is hundredths. */

const instant = (name: string) => bigint(name, { mode: 'number' });
const money = (name: string) => bigint(name, { mode: 'bigint' });

export const players = pgTable('predictions_players', {
  accountId: uuid('account_id').primaryKey(),
  challengeId: uuid('challenge_id').notNull(),
  joinedAt: instant('joined_at').notNull(),
});

export const balances = pgTable(
  'predictions_balances',
  {
    accountId: uuid('account_id').notNull(),
    currency: text('currency').notNull(),
    available: money('available').notNull(),
    exposure: money('exposure').notNull().default(0n),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.currency] })],
);

export const sources = pgTable('predictions_sources', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  description: text('description'),
  state: text('state').$type<SourceState>().notNull().default('open'),
  createdBy: uuid('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const sourceAdmins = pgTable(
  'predictions_source_admins',
  { sourceId: uuid('source_id').notNull(), accountId: uuid('account_id').notNull() },
  (table) => [primaryKey({ columns: [table.accountId, table.sourceId] })],
);

export const gameTypes = pgTable('predictions_game_types', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
});

export const games = pgTable('predictions_games', {
  id: uuid('id').primaryKey(),
  sourceId: uuid('source_id').notNull(),
  typeId: uuid('type_id').notNull(),
  typeGiven: text('type_given').notNull(),
  name: text('name').notNull(),
  state: text('state').$type<GameState>().notNull(),
  openAt: instant('open_at').notNull(),
  closeAt: instant('close_at'),
  liveStartAt: instant('live_start_at'),
  liveFinishAt: instant('live_finish_at'),
  currency: text('currency').notNull(),
  hashtag: text('hashtag').notNull(),
  imageUrl: text('image_url'),
  actions: jsonb('actions').$type<ActionEntry[]>().notNull(),
  targets: jsonb('targets').$type<TargetEntry[]>().notNull(),
  createdBy: uuid('created_by').notNull(),
  createdAt: instant('created_at').notNull(),
  closedAt: instant('closed_at'),
});

export const gameAdmins = pgTable(
  'predictions_game_admins',
  { gameId: uuid('game_id').notNull(), accountId: uuid('account_id').notNull() },
  (table) => [primaryKey({ columns: [table.accountId, table.gameId] })],
);

export const pools = pgTable('predictions_pools', {
  id: uuid('id').primaryKey(),
  gameId: uuid('game_id').notNull(),
  description: text('description').notNull(),
  type: smallint('type').notNull(),
  actionId: text('action_id').notNull(),
  targets: jsonb('targets').$type<TargetEntry[]>().notNull(),
  targetLevel: integer('target_level').notNull(),
  state: text('state').$type<PoolState>().notNull().default('open'),
  logSeq: instant('log_seq').notNull(),
  startAt: instant('start_at').notNull(),
  finishAt: instant('finish_at'),
  stopAcceptingBetsAt: instant('stop_accepting_bets_at'),
  recreateOnEnd: boolean('recreate_on_end').notNull(),
  recreatedFrom: uuid('recreated_from'),
  isAnnounced: boolean('is_announced').notNull().default(true),
  isBlocked: boolean('is_blocked').notNull(),
  blockedAt: instant('blocked_at'),
  allowedAt: instant('allowed_at'),
  pendingBlockAt: instant('pending_block_at'),
  pendingAllowAt: instant('pending_allow_at'),
  isHot: boolean('is_hot').notNull(),
  money: money('money').array().notNull(),
  people: integer('people').array().notNull(),
  betCounts: integer('bet_counts').array().notNull(),
  participants: integer('participants').notNull().default(0),
  nextBetSeq: instant('next_bet_seq').notNull().default(1),
  lastPlacedAt: instant('last_placed_at').notNull().default(0),
  winningTarget: text('winning_target'),
  isMoneyReturn: boolean('is_money_return'),
  lateFrom: instant('late_from'),
  resolvedAt: instant('resolved_at'),
  expiredAt: instant('expired_at'),
  decidedBy: uuid('decided_by'),
  parkedAt: instant('parked_at'),
  parkedReason: text('parked_reason'),
});

export const bets = pgTable(
  'predictions_bets',
  {
    poolId: uuid('pool_id').notNull(),
    seq: instant('seq').notNull(),
    id: uuid('id').notNull(),
    accountId: uuid('account_id').notNull(),
    targetId: text('target_id').notNull(),
    amount: money('amount').notNull(),
    placedAt: instant('placed_at').notNull(),
    clientRef: text('client_ref'),
  },
  (table) => [primaryKey({ columns: [table.poolId, table.seq] })],
);

export const positions = pgTable(
  'predictions_positions',
  {
    poolId: uuid('pool_id').notNull(),
    accountId: uuid('account_id').notNull(),
    targetId: text('target_id').notNull(),
    amount: money('amount').notNull(),
    lateAmount: money('late_amount').notNull().default(0n),
    bets: integer('bets').notNull().default(1),
    lateBets: integer('late_bets').notNull().default(0),
    recentSeqs: instant('recent_seqs').array().notNull().default([]),
    firstPlacedAt: instant('first_placed_at').notNull(),
    payout: money('payout'),
    returned: money('returned'),
    net: money('net'),
  },
  (table) => [primaryKey({ columns: [table.poolId, table.accountId] })],
);

export const ledger = pgTable('predictions_ledger', {
  id: money('id').primaryKey().generatedAlwaysAsIdentity(),
  at: instant('at').notNull(),
  kind: text('kind').$type<'grant' | 'stake' | 'release' | 'credit'>().notNull(),
  accountId: uuid('account_id').notNull(),
  currency: text('currency').notNull(),
  poolId: uuid('pool_id'),
  amount: money('amount').notNull(),
});

export const events = pgTable('predictions_events', {
  id: uuid('id').primaryKey(),
  gameId: uuid('game_id').notNull(),
  shownId: text('shown_id').notNull(),
  logSeq: instant('log_seq').notNull(),
  actionId: text('action_id').notNull(),
  targetId: text('target_id').notNull(),
  targetDisplayName: text('target_display_name').notNull(),
  description: text('description').notNull(),
  happenedAt: instant('happened_at').notNull(),
  registeredAt: instant('registered_at').notNull(),
  poolId: uuid('pool_id'),
  currentCount: jsonb('current_count').$type<Record<string, string>>().notNull(),
  duplicateKey: text('duplicate_key'),
  registeredBy: uuid('registered_by'),
});

export const friends = pgTable(
  'predictions_friends',
  {
    accountId: uuid('account_id').notNull(),
    friendId: uuid('friend_id').notNull(),
    since: instant('since').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.friendId] })],
);

export const pending = pgTable('predictions_pending', {
  id: uuid('id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  poolId: uuid('pool_id').notNull(),
  target: text('target').notNull(),
  amount: text('amount').notNull(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at').notNull(),
});

export const presignups = pgTable('predictions_presignups', {
  emailKey: text('email_key').primaryKey(),
  email: text('email').notNull(),
  challengeId: text('challenge_id'),
  predictionSaved: boolean('prediction_saved').notNull(),
  mailedOn: integer('mailed_on').notNull(),
  createdAt: instant('created_at').notNull(),
});

export const rejectedItems = pgTable('predictions_rejected_items', {
  id: uuid('id').primaryKey(),
  feed: text('feed').notNull(),
  itemId: text('item_id').notNull(),
  reason: text('reason').notNull(),
  item: jsonb('item').notNull(),
  rejectedAt: instant('rejected_at').notNull(),
});

export const connections = pgTable('predictions_connections', {
  id: uuid('id').primaryKey(),
  accountId: uuid('account_id').notNull(),
  nonce: text('nonce').notNull(),
  processId: uuid('process_id').notNull(),
  isLoggedOn: boolean('is_logged_on').notNull().default(false),
  logonId: uuid('logon_id'),
  games: uuid('games').array().notNull().default([]),
  openedAt: instant('opened_at').notNull(),
  droppedAt: instant('dropped_at'),
});

export const nonces = pgTable(
  'predictions_nonces',
  { accountId: uuid('account_id').notNull(), nonce: text('nonce').notNull(), usedAt: instant('used_at').notNull() },
  (table) => [primaryKey({ columns: [table.accountId, table.nonce] })],
);

/** Every table of the module, for its manifest and for the test that compares them with the migrations. */
export const TABLES: readonly PgTable[] = [
  players,
  balances,
  sources,
  sourceAdmins,
  gameTypes,
  games,
  gameAdmins,
  pools,
  bets,
  positions,
  ledger,
  events,
  friends,
  pending,
  presignups,
  rejectedItems,
  connections,
  nonces,
];
