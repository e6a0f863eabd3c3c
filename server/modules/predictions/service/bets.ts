import { Batcher, type Outcome } from '../../../platform/database/batcher.ts';
import type { Database, Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import type { Ports } from '../../../platform/ports.ts';
import { type BetsPlaced, gameTopic } from '../events.ts';
import {
  type BetBatch,
  type BetCommand,
  balanceKey,
  clientRefKey,
  decideBets,
  type PoolBook,
  type Position,
  positionKey,
} from '../rules/bet.ts';
import {
  addToBackings,
  betShape,
  type DistributionShape,
  distributionShape,
  newestBets,
  sumBackings,
} from '../rules/distribution.ts';
import { type AmountLimits, moneyOut } from '../rules/money.ts';
import type { Bet, Game } from '../rules/types.ts';
import { backingsOf } from '../shapes.ts';
import {
  BALANCES,
  BET_COLUMNS,
  type BetRow,
  betFromRow,
  type GameRow,
  isUuid,
  lockPools,
  type StoredPool,
} from './store.ts';
import { withDueActionSwitches } from './switches.ts';

/** A bet to be placed; `target` and `amount` as sent. */
export type NewBet = Omit<BetCommand, 'betId'>;

export interface PlacedBet {
  bet: Bet;
  poolId: string;
  gameId: string;
  /** The distribution update of the bet's batch (BO2); null when the bet was placed earlier under the same `client_ref` (BT6). */
  update: { event: EventRef; data: BetsPlaced } | null;
}

export interface BetServiceOptions {
  database: Database;
  ports: Ports;
  limits: AmountLimits;
  legacySeconds: boolean;
}

/** Bets of one player in one pool that his friends can still read one by one (FR2); the sums count them all. */
const MOST_RECENT = 100;
/** Pools whose game is remembered; the oldest are forgotten first. */
const MOST_POOLS_KNOWN = 50_000;

type Accepted = { command: BetCommand; bet: Bet; isNewcomer: boolean };

/** Places bets: gathered into batches, decided one by one by the rules, written at once (DESIGN "Batching in", BT1-BT7, BO2). */
export class BetService {
  readonly #options: BetServiceOptions;
  readonly #batcher: Batcher<NewBet, PlacedBet>;
  /**
   * Game of each pool. Lanes go by game: two batches of one game would wait for each other's commit at its topic anyway (DESIGN "Batching in").
   */
  readonly #games = new Map<string, string>();

  constructor(options: BetServiceOptions) {
    this.#options = options;
    this.#batcher = new Batcher<NewBet, PlacedBet>({
      name: 'predictions.bets',
      ports: options.ports,
      keyOf: (bet) => this.#games.get(bet.poolId) ?? '',
      run: (bets) => options.database.transaction('predictions.bets', (tx) => this.placeAll(tx, bets)),
    });
  }

  /** @throws RuleError in the order of BT3; Unavailable when too many wait. */
  async place(bet: NewBet): Promise<PlacedBet> {
    if (!this.#games.has(bet.poolId)) await this.#learnGame(bet.poolId);
    return await this.#batcher.submit(bet);
  }

  get waiting(): number {
    return this.#batcher.waiting;
  }

  idle(): Promise<void> {
    return this.#batcher.idle();
  }

  /** Decides and writes bets inside a caller's transaction, in order. */
  async placeAll(tx: Tx, bets: readonly NewBet[]): Promise<Outcome<PlacedBet>[]> {
    const { ports, limits } = this.#options;
    const commands = bets.map((bet): BetCommand => ({ ...bet, betId: ports.ids.uuid() }));
    const pools = await lockPools(tx, unique(commands.map((command) => command.poolId)));
    const batch = await this.#loadBatch(tx, commands, pools);
    const now = ports.clock.now();
    const books = new Map(
      [...batch.books].map(([poolId, book]) => [
        poolId,
        { ...book, pool: withDueActionSwitches(pools.get(poolId)!, now) },
      ]),
    );
    const { decisions, batch: after } = decideBets({ ...batch, books }, commands, now, limits);

    const accepted: Accepted[] = [];
    decisions.forEach((decision, i) => {
      if (decision.kind === 'accepted')
        accepted.push({ command: commands[i]!, bet: decision.bet, isNewcomer: decision.isNewcomer });
    });
    if (accepted.length > 0) await writeBets(tx, accepted, pools, after);
    const updates = this.#appendUpdates(tx, accepted, pools);

    return decisions.map((decision, i): Outcome<PlacedBet> => {
      if (decision.kind === 'refused') return { refused: decision.error };
      const { poolId } = commands[i]!;
      const gameId = pools.get(poolId)!.gameId;
      return {
        answer: {
          bet: decision.bet,
          poolId,
          gameId,
          update: decision.kind === 'accepted' ? updates.get(poolId)! : null,
        },
      };
    });
  }

  async #loadBatch(tx: Tx, commands: readonly BetCommand[], pools: ReadonlyMap<string, StoredPool>): Promise<BetBatch> {
    const gameIds = unique([...pools.values()].map((pool) => pool.gameId));
    const known = commands.filter((command) => pools.has(command.poolId));
    const games = await loadGames(tx, gameIds);
    const books = new Map<string, PoolBook>();
    for (const pool of pools.values()) {
      books.set(pool.poolId, {
        pool,
        game: games.get(pool.gameId)!,
        lastPlacedAt: pool.lastPlacedAt,
        nextSeq: pool.nextBetSeq,
      });
    }
    const positions = await loadPositions(tx, known);
    const earlier = await loadEarlier(tx, known);
    const rows = await tx.lock<{ account_id: string; currency: string; available: bigint }>(
      BALANCES,
      'account_id, currency, available',
      unique(known.map((command) => command.userId)).filter(isUuid),
    );
    const available = new Map(rows.map((row) => [balanceKey(row.account_id, row.currency), row.available]));
    return { books, positions, earlier, available };
  }

  async #learnGame(poolId: string): Promise<void> {
    if (!isUuid(poolId)) return;
    const [row] = await this.#options.database.query<{ game_id: string }>(
      'select game_id from predictions_pools where id = $1',
      [poolId],
    );
    if (!row) return;
    if (this.#games.size >= MOST_POOLS_KNOWN) this.#games.delete(this.#games.keys().next().value!);
    this.#games.set(poolId, row.game_id);
  }

  /** One distribution update per pool and batch (BO2, DESIGN M4). */
  #appendUpdates(tx: Tx, accepted: readonly Accepted[], pools: ReadonlyMap<string, StoredPool>) {
    const updates = new Map<string, { event: EventRef; data: BetsPlaced }>();
    for (const [poolId, placed] of groupByPool(accepted)) {
      const pool = pools.get(poolId)!;
      const backings = addToBackings(backingsOf(pool), placed);
      const shown = newestBets(placed.map((one) => one.bet));
      const sums = sumBackings(backings);
      const body: { distribution: DistributionShape[] } & Record<string, unknown> = {
        pool_id: poolId,
        game_id: pool.gameId,
        target_level: pool.targetLevel,
        distribution: distributionShape(pool, backings),
        new_bets: shown.bets.map((bet) => betShape(bet, this.#options.legacySeconds)),
        ...(shown.total > shown.bets.length ? { new_bets_total: shown.total } : {}),
        amount_total: moneyOut(sums.money),
        participants: sums.people,
      };
      const data: BetsPlaced = { body, bettors: unique(placed.map((one) => one.bet.userId)) };
      updates.set(poolId, { event: tx.append({ topic: gameTopic(pool.gameId), type: 'bets.placed', data }), data });
    }
    return updates;
  }
}

/** Of a game only what a bet depends on. */
async function loadGames(tx: Tx, gameIds: readonly string[]): Promise<Map<string, Game>> {
  const rows = await tx.hotQuery<Pick<GameRow, 'id' | 'state' | 'open_at' | 'live_start_at' | 'close_at' | 'currency'>>(
    'select id, state, open_at, live_start_at, close_at, currency from predictions_games where id = any ($1::uuid[])',
    [gameIds],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        gameId: row.id,
        state: row.state,
        openAt: Number(row.open_at),
        liveStartAt: row.live_start_at === null ? null : Number(row.live_start_at),
        closeAt: row.close_at === null ? null : Number(row.close_at),
        currency: row.currency,
      },
    ]),
  );
}

async function loadPositions(tx: Tx, commands: readonly BetCommand[]): Promise<Map<string, Position>> {
  const rows = await tx.hotQuery<{ pool_id: string; account_id: string; target_id: string; amount: bigint }>(
    `select pool_id, account_id, target_id, amount from predictions_positions
     where (pool_id, account_id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
    [commands.map((command) => command.poolId), commands.map((command) => command.userId)],
  );
  return new Map(
    rows.map((row) => [positionKey(row.pool_id, row.account_id), { targetId: row.target_id, amount: row.amount }]),
  );
}

async function loadEarlier(tx: Tx, commands: readonly BetCommand[]): Promise<Map<string, Bet>> {
  const referred = commands.filter((command) => command.clientRef !== null);
  if (referred.length === 0) return new Map();
  const rows = await tx.query<BetRow & { pool_id: string; client_ref: string }>(
    `select ${BET_COLUMNS}, pool_id, client_ref from predictions_bets
     where (pool_id, account_id, client_ref) in (select * from unnest($1::uuid[], $2::uuid[], $3::text[]))`,
    [
      referred.map((command) => command.poolId),
      referred.map((command) => command.userId),
      referred.map((command) => command.clientRef),
    ],
  );
  return new Map(rows.map((row) => [clientRefKey(row.pool_id, row.account_id, row.client_ref), betFromRow(row)]));
}

/** One statement for the whole batch: bets, positions, balances, ledger and pools together (DESIGN M10). */
async function writeBets(
  tx: Tx,
  accepted: readonly Accepted[],
  pools: ReadonlyMap<string, StoredPool>,
  after: BetBatch,
): Promise<void> {
  const positions = [...Map.groupBy(accepted, (one) => positionKey(one.command.poolId, one.bet.userId))];
  const stakes = new Map<string, { userId: string; currency: string; amount: bigint }>();
  for (const { command, bet } of accepted) {
    const { currency } = after.books.get(command.poolId)!.game;
    const key = balanceKey(bet.userId, currency);
    const stake = stakes.get(key) ?? { userId: bet.userId, currency, amount: 0n };
    stake.amount += bet.amount;
    stakes.set(key, stake);
  }
  const touched = [...groupByPool(accepted)].map(([poolId, placed]) => {
    const pool = pools.get(poolId)!;
    const backings = addToBackings(backingsOf(pool), placed);
    const book = after.books.get(poolId)!;
    return {
      id: poolId,
      money: `{${pool.targets.map((target) => backings.get(target.targetId)!.money).join()}}`,
      people: `{${pool.targets.map((target) => backings.get(target.targetId)!.people).join()}}`,
      betCounts: `{${pool.targets.map((target, i) => pool.betCounts[i]! + placed.filter((one) => one.bet.targetId === target.targetId).length).join()}}`,
      participants: sumBackings(backings).people,
      nextSeq: book.nextSeq,
      lastPlacedAt: book.lastPlacedAt,
    };
  });
  await tx.hotQuery(WRITE_BETS, [
    accepted.map((one) => one.command.poolId),
    accepted.map((one) => one.bet.seq),
    accepted.map((one) => one.bet.betId),
    accepted.map((one) => one.bet.userId),
    accepted.map((one) => one.bet.targetId),
    accepted.map((one) => one.bet.amount),
    accepted.map((one) => one.bet.placedAt),
    accepted.map((one) => one.command.clientRef),
    accepted.map((one) => after.books.get(one.command.poolId)!.game.currency),
    positions.map(([, [first]]) => first!.command.poolId),
    positions.map(([, [first]]) => first!.bet.userId),
    positions.map(([, [first]]) => first!.bet.targetId),
    positions.map(([key]) => after.positions.get(key)!.amount),
    positions.map(([, [first]]) => first!.bet.placedAt),
    [...stakes.values()].map((stake) => stake.userId),
    [...stakes.values()].map((stake) => stake.currency),
    [...stakes.values()].map((stake) => stake.amount),
    touched.map((pool) => pool.id),
    touched.map((pool) => pool.money),
    touched.map((pool) => pool.people),
    touched.map((pool) => pool.betCounts),
    touched.map((pool) => pool.participants),
    touched.map((pool) => pool.nextSeq),
    touched.map((pool) => pool.lastPlacedAt),
    positions.map(([, placed]) => placed.length),
    positions.map(
      ([, placed]) =>
        `{${placed
          .slice(-MOST_RECENT)
          .map((one) => one.bet.seq)
          .join()}}`,
    ),
  ]);
}

const WRITE_BETS = `
  with placed as (
    select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
      as b(pool_id, seq, id, account_id, target_id, amount, placed_at, client_ref, currency)
  ), bets as (
    insert into predictions_bets (pool_id, seq, id, account_id, target_id, amount, placed_at, client_ref)
    select pool_id, seq, id, account_id, target_id, amount, placed_at, client_ref from placed
  ), ledger as (
    insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount)
    select placed_at, 'stake', account_id, currency, pool_id, amount from placed
  ), positions as (
    insert into predictions_positions as p (pool_id, account_id, target_id, amount, first_placed_at, bets, recent_seqs)
    select pool_id, account_id, target_id, amount, first_placed_at, bets, seqs::bigint[]
    from unnest($10::uuid[], $11::uuid[], $12::text[], $13::bigint[], $14::bigint[], $25::int[], $26::text[])
      as n(pool_id, account_id, target_id, amount, first_placed_at, bets, seqs)
    on conflict (pool_id, account_id) do update set amount = excluded.amount, bets = p.bets + excluded.bets,
      recent_seqs = (p.recent_seqs || excluded.recent_seqs)[greatest(1, cardinality(p.recent_seqs) + cardinality(excluded.recent_seqs) - ${MOST_RECENT - 1}):]
  ), balances as (
    update predictions_balances b set available = b.available - s.amount, exposure = b.exposure + s.amount
    from unnest($15::uuid[], $16::text[], $17::bigint[]) as s(account_id, currency, amount)
    where b.account_id = s.account_id and b.currency = s.currency
  )
  update predictions_pools p
  set money = t.money::bigint[], people = t.people::int[], bet_counts = t.bet_counts::int[], participants = t.participants, next_bet_seq = t.next_seq, last_placed_at = t.last_placed_at
  from unnest($18::uuid[], $19::text[], $20::text[], $21::text[], $22::int[], $23::bigint[], $24::bigint[])
    as t(id, money, people, bet_counts, participants, next_seq, last_placed_at)
  where p.id = t.id`;

function groupByPool(accepted: readonly Accepted[]): Map<string, Accepted[]> {
  return Map.groupBy(accepted, (one) => one.command.poolId);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

/** For callers that place one bet in a transaction of their own: the answer, or the refusal thrown. */
export function answerOf(outcome: Outcome<PlacedBet>): PlacedBet {
  if ('refused' in outcome) throw outcome.refused;
  return outcome.answer;
}
