import type { Queryable } from '../../../platform/database/types.ts';
import { gameTopic, resolverTopic, sourceTopic } from '../events.ts';
import type { ModelBet, ModelEvent, ModelPool } from './model.ts';

export interface StoredPool extends ModelPool {
  description: string;
  state: 'open' | 'resolved' | 'expired' | 'voided';
  stopAt: number | null;
  recreateOnEnd: boolean;
  recreatedFrom: string | null;
  isBlocked: boolean;
  isHot: boolean;
  winner: string | null;
  lateFrom: number | null;
  decidedBy: string | null;
  expiredAt: number | null;
  resolvedAt: number | null;
}

interface LogEntry {
  seq: number;
  at: number;
  type: string;
  data: { event_id?: string; force?: boolean };
}

interface Message {
  seq: number;
  at: number;
  type: string;
  body: Record<string, unknown>;
}

/** Everything the database holds of one game. */
export interface GameRecord {
  game: { id: string; state: string; closeAt: number | null; isCreatedOpened: boolean };
  pools: StoredPool[];
  /** By pool, in order. */
  bets: Map<string, ModelBet[]>;
  events: Omit<ModelEvent, 'seq' | 'at'>[];
  /** Lines of settlements, by pool and player. */
  ledger: Map<string, { release?: bigint; credit?: bigint }>;
  resolverLog: LogEntry[];
  messages: Message[];
  sourceMessages: Message[];
}

/** Reads plain rows, without the module's own readers. */
export async function readGameRecord(database: Queryable, gameId: string): Promise<GameRecord> {
  const [game] = await database.query<{ id: string; source_id: string; state: string; close_at: bigint | null }>(
    'select id, source_id, state, close_at from predictions_games where id = $1',
    [gameId],
  );
  const sourceMessages = (await readMessages(database, sourceTopic(game!.source_id))).filter(
    (message) => message.body.game_id === gameId,
  );
  return {
    game: {
      id: gameId,
      state: game!.state,
      closeAt: instant(game!.close_at),
      isCreatedOpened: sourceMessages[0]?.type === 'game.created-and-opened',
    },
    pools: await readPools(database, gameId),
    bets: await readBets(database, gameId),
    events: await readFacts(database, gameId),
    ledger: await readLedger(database, gameId),
    resolverLog: await readLog<LogEntry['data']>(database, resolverTopic(gameId)),
    messages: await readMessages(database, gameTopic(gameId)),
    sourceMessages,
  };
}

async function readPools(database: Queryable, gameId: string): Promise<StoredPool[]> {
  type Row = Record<'id' | 'description' | 'action_id', string> &
    Record<'log_seq' | 'start_at', bigint> &
    Record<'finish_at' | 'stop_accepting_bets_at' | 'late_from' | 'expired_at' | 'resolved_at', bigint | null> &
    Record<'recreated_from' | 'winning_target' | 'decided_by', string | null> &
    Record<'recreate_on_end' | 'is_blocked' | 'is_hot', boolean> & {
      type: number;
      state: StoredPool['state'];
      targets: { targetId: string }[];
    };
  const rows = await database.query<Row>('select * from predictions_pools where game_id = $1 order by log_seq', [
    gameId,
  ]);
  return rows.map((row) => ({
    id: row.id,
    description: row.description,
    type: row.type,
    actionId: row.action_id,
    targetIds: row.targets.map((target) => target.targetId),
    logSeq: Number(row.log_seq),
    startAt: Number(row.start_at),
    finishAt: instant(row.finish_at),
    stopAt: instant(row.stop_accepting_bets_at),
    recreateOnEnd: row.recreate_on_end,
    recreatedFrom: row.recreated_from,
    state: row.state,
    isBlocked: row.is_blocked,
    isHot: row.is_hot,
    winner: row.winning_target,
    lateFrom: instant(row.late_from),
    decidedBy: row.decided_by,
    expiredAt: instant(row.expired_at),
    resolvedAt: instant(row.resolved_at),
  }));
}

async function readBets(database: Queryable, gameId: string): Promise<Map<string, ModelBet[]>> {
  const rows = await database.query<{
    pool_id: string;
    seq: bigint;
    account_id: string;
    target_id: string;
    amount: bigint;
    placed_at: bigint;
  }>(
    `select b.* from predictions_bets b join predictions_pools p on p.id = b.pool_id where p.game_id = $1 order by b.pool_id, b.seq`,
    [gameId],
  );
  const grouped = Map.groupBy(rows, (row) => row.pool_id);
  return new Map(
    [...grouped].map(([poolId, bets]) => [
      poolId,
      bets.map((row) => ({
        userId: row.account_id,
        targetId: row.target_id,
        amount: row.amount,
        placedAt: Number(row.placed_at),
        seq: Number(row.seq),
      })),
    ]),
  );
}

async function readFacts(database: Queryable, gameId: string): Promise<Omit<ModelEvent, 'seq' | 'at'>[]> {
  const rows = await database.query<{
    id: string;
    log_seq: bigint;
    action_id: string;
    target_id: string;
    happened_at: bigint;
    pool_id: string | null;
  }>(
    'select id, log_seq, action_id, target_id, happened_at, pool_id from predictions_events where game_id = $1 order by log_seq',
    [gameId],
  );
  return rows.map((row) => ({
    id: row.id,
    logSeq: Number(row.log_seq),
    actionId: row.action_id,
    targetId: row.target_id,
    happenedAt: Number(row.happened_at),
    poolId: row.pool_id,
  }));
}

async function readLedger(database: Queryable, gameId: string): Promise<GameRecord['ledger']> {
  const rows = await database.query<{
    pool_id: string;
    account_id: string;
    kind: 'release' | 'credit';
    amount: bigint;
  }>(
    `select l.pool_id, l.account_id, l.kind, l.amount from predictions_ledger l join predictions_pools p on p.id = l.pool_id
     where p.game_id = $1 and l.kind in ('release', 'credit')`,
    [gameId],
  );
  const lines: GameRecord['ledger'] = new Map();
  for (const row of rows) {
    const key = `${row.pool_id}/${row.account_id}`;
    lines.set(key, { ...lines.get(key), [row.kind]: row.amount });
  }
  return lines;
}

async function readMessages(database: Queryable, topic: string): Promise<Message[]> {
  const entries = await readLog<{ body: Message['body'] }>(database, topic);
  return entries.map(({ data, ...entry }) => ({ ...entry, body: data.body }));
}

async function readLog<Data>(
  database: Queryable,
  topic: string,
): Promise<{ seq: number; at: number; type: string; data: Data }[]> {
  const rows = await database.query<{ seq: bigint; at: bigint; type: string; data: Data }>(
    'select seq, at, type, data from events where topic = $1 order by seq',
    [topic],
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }));
}

function instant(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
