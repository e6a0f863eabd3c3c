import type { Principal } from '../../../platform/accounts/types.ts';
import type { Queryable } from '../../../platform/database/types.ts';
import { invalidParameter, RuleError } from '../rules/errors.ts';
import {
  type BoardEntry,
  friendsBoard,
  type RankedEntry,
  rankBoard,
  rowShape,
  rowsAfter,
  rowsFrom,
  type TailoredCounts,
  tailorBoard,
} from '../rules/leaderboard.ts';
import { accountOf } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import type { FriendService } from './friends.ts';
import { findGameType } from './game-types.ts';
import { readGame, readSource } from './store.ts';

/** Every game type (LB1). */
const ALL_TYPES = 'INSTAMRKT';
/** Most rows of one body; the rest is read by `start` and `end` (DESIGN M5). */
const MOST_ROWS = 1_000;

/** Which board: a currency is the game's own on a game's board, the module's first one where none is given (LB1). */
export type BoardAsked =
  | { gameType: string; currency: string | null }
  | { sourceId: string; currency?: string | null }
  | { gameId: string };

/** Rows asked for, by rank: after `start` on the websocket (LB6), from `start` by REST (LB7). */
export interface BoardRange {
  start: number;
  end: number;
  counting: 'after' | 'from';
}

/** A board that exists, and what its bodies begin with (4.4). */
interface Scope {
  key: string;
  sql: string;
  params: readonly string[];
  head: Record<string, string>;
}

/** Leaderboards of every scope (LB1-LB11): points by SQL, ranks and cuts by the rules. */
export class LeaderboardService {
  readonly #deps: Pick<ServiceDeps, 'database' | 'settings'>;
  readonly #friends: FriendService;
  readonly #reads = new SharedReads<RankedEntry[]>();

  constructor(deps: Pick<ServiceDeps, 'database' | 'settings'>, friends: FriendService) {
    this.#deps = deps;
    this.#friends = friends;
  }

  /** Body of 450, 451 or 4516. @throws RuleError 6608, 6609, 6626 */
  async board(asked: BoardAsked, range: BoardRange, readerId: string | null): Promise<Record<string, unknown>> {
    const { scope, board } = await this.#read(asked);
    return { ...scope.head, ...boundedRows(cut(board, range), readerId) };
  }

  /** Body of 4505, 4515 or 4517: around one player, or around nobody (LB8, LB9). @throws RuleError 6608, 6609, 6626, 6607 */
  async tailored(asked: BoardAsked, counts: TailoredCounts, readerId: string | null): Promise<Record<string, unknown>> {
    const { scope, board } = await this.#read(asked);
    const { rows, breakAfterRank } = tailorBoard(board, readerId, counts);
    return { ...scope.head, leaderboard: rows.map(rowShape), break_after_rank: breakAfterRank };
  }

  /** Body of 452, 453 or 454: the reader and his friends (LB10). @throws RuleError 6602, 6608, 6609, 6626 */
  async friends(principal: Principal, asked: BoardAsked, range: BoardRange): Promise<Record<string, unknown>> {
    const readerId = accountOf(principal);
    const { scope, board } = await this.#read(asked);
    const members = await this.#friends.idsOf(this.#deps.database, readerId);
    return { ...scope.head, ...boundedRows(cut(friendsBoard(board, members.add(readerId)), range), readerId) };
  }

  async #read(asked: BoardAsked): Promise<{ scope: Scope; board: RankedEntry[] }> {
    const scope = await this.#scopeOf(asked);
    const board = await this.#reads.read(scope.key, async () =>
      rankBoard(await readEntries(this.#deps.database, scope)),
    );
    return { scope, board };
  }

  async #scopeOf(asked: BoardAsked): Promise<Scope> {
    const { database } = this.#deps;
    if ('gameId' in asked) {
      const game = await readGame(database, asked.gameId);
      const head = { game_id: game.gameId, currency: game.currency };
      return { key: `game/${game.gameId}`, sql: NET_OF_GAME, params: [game.gameId], head };
    }
    const currency = this.#currency(asked.currency ?? null);
    if ('sourceId' in asked) {
      const source = (await readSource(database, asked.sourceId)).sourceId;
      const params = [source, currency];
      return { key: `source/${params.join('/')}`, sql: NET_OF_SOURCE, params, head: { source_id: source, currency } };
    }
    const head = { game_type: asked.gameType, currency };
    if (asked.gameType.trim().toUpperCase() === ALL_TYPES) {
      return { key: `all/${currency}`, sql: CURRENT_BALANCES, params: [currency], head };
    }
    const type = await findGameType(database, asked.gameType);
    if (type === null) throw invalidParameter('game_type', 'There is no such game type.');
    const params = [type.typeId, currency];
    return { key: `type/${params.join('/')}`, sql: NET_OF_TYPE, params, head };
  }

  #currency(asked: string | null): string {
    const currency = asked ?? this.#deps.settings.currencies[0]!;
    if (!this.#deps.settings.currencies.includes(currency)) throw new RuleError('unsupported_currency', { currency });
    return currency;
  }
}

function cut(board: readonly RankedEntry[], { start, end, counting }: BoardRange): RankedEntry[] {
  return counting === 'after' ? rowsAfter(board, start, end) : rowsFrom(board, start, end);
}

/** The rows as sent; of more than 1,000 the first, and the reader's own (DESIGN M5). */
function boundedRows(rows: readonly RankedEntry[], readerId: string | null): Record<string, unknown> {
  if (rows.length <= MOST_ROWS) return { leaderboard: rows.map(rowShape) };
  const shown = rows.slice(0, MOST_ROWS);
  const own = rows.slice(MOST_ROWS).find((row) => row.userId === readerId);
  const all = own === undefined ? shown : [...shown, own];
  return { leaderboard: all.map(rowShape), truncated: true, rows_total: rows.length };
}

/**
 * Reads that many ask for at once are made once (LB11): whoever comes while one runs waits for the next, which then serves all of them, so that
 * nobody gets a board older than his question.
 */
class SharedReads<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  read(key: string, fn: () => Promise<T>): Promise<T> {
    const waiting = this.#next.get(key);
    if (waiting) return waiting;
    const running = this.#running.get(key);
    if (!running) return this.#start(key, fn);
    const next = running.then(
      () => this.#begin(key, fn),
      () => this.#begin(key, fn),
    );
    this.#next.set(key, next);
    return next;
  }

  #begin(key: string, fn: () => Promise<T>): Promise<T> {
    this.#next.delete(key);
    return this.#start(key, fn);
  }

  #start(key: string, fn: () => Promise<T>): Promise<T> {
    const read = fn().finally(() => {
      if (this.#running.get(key) === read) this.#running.delete(key);
    });
    this.#running.set(key, read);
    return read;
  }
}

interface EntryRow {
  account_id: string;
  username: string;
  points: bigint;
}

async function readEntries(database: Queryable, scope: Scope): Promise<BoardEntry[]> {
  const rows = await database.query<EntryRow>(scope.sql, scope.params);
  return rows.map((row) => ({ userId: row.account_id, username: row.username, points: row.points }));
}

/** Sorted as the rules sort, so that they find little left to do on large boards. */
const IN_BOARD_ORDER = `order by points desc, lower(username) collate "C", account_id`;

/** Valid: something was placed in time; a player whose only bets were late is on no board (LB3). */
const VALID = 'x.amount > x.late_amount';

/** Scope "all": everybody's current balance (LB2). */
const CURRENT_BALANCES = `
  select b.account_id, a.username, b.available + b.exposure as points
  from predictions_balances b join accounts a on a.id = b.account_id
  where b.currency = $1 and exists (
    select from predictions_positions x
    join predictions_pools p on p.id = x.pool_id join predictions_games g on g.id = p.game_id
    where x.account_id = b.account_id and ${VALID} and g.currency = $1)
  ${IN_BOARD_ORDER}`;

/** Narrower scopes: net of the settled pools, 0 while all run (LB2, LB3). */
const netWhere = (condition: string): string => `
  select s.account_id, a.username, s.points from (
    select x.account_id, coalesce(sum(x.net), 0)::bigint as points
    from predictions_positions x join predictions_pools p on p.id = x.pool_id join predictions_games g on g.id = p.game_id
    where ${VALID} and ${condition} group by x.account_id
  ) s join accounts a on a.id = s.account_id
  ${IN_BOARD_ORDER}`;

const NET_OF_GAME = netWhere('g.id = $1');
const NET_OF_SOURCE = netWhere('g.source_id = $1 and g.currency = $2');
const NET_OF_TYPE = netWhere('g.type_id = $1 and g.currency = $2');
