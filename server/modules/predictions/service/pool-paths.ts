import type { Queryable } from '../../../platform/database/types.ts';
import { RuleError } from '../rules/errors.ts';
import { isUuid } from './store.ts';

/** Pools that are remembered: where a pool belongs never changes. */
const MOST_KNOWN = 10_000;

interface PoolPath {
  gameId: string;
  sourceId: string;
}

/** Which game and source a pool belongs to, so that a REST path that names them can be checked without delaying a bet (3.2). */
export class PoolPaths {
  readonly #database: Queryable;
  readonly #known = new Map<string, PoolPath>();

  constructor(database: Queryable) {
    this.#database = database;
  }

  /** @throws RuleError 6609, 6610 when the path leads nowhere */
  async require(path: { sourceId: string | null; gameId: string; poolId: string }): Promise<void> {
    const found = await this.#find(path.poolId.toLowerCase());
    if (found?.gameId !== path.gameId.toLowerCase()) throw new RuleError('unknown_pool', { pool_id: path.poolId });
    if (path.sourceId !== null && found.sourceId !== path.sourceId.toLowerCase()) {
      throw new RuleError('unknown_game', { game_id: path.gameId });
    }
  }

  async #find(poolId: string): Promise<PoolPath | undefined> {
    const known = this.#known.get(poolId);
    if (known || !isUuid(poolId)) return known;
    const [row] = await this.#database.query<{ game_id: string; source_id: string }>(
      'select p.game_id, g.source_id from predictions_pools p join predictions_games g on g.id = p.game_id where p.id = $1',
      [poolId],
    );
    if (!row) return undefined;
    const path = { gameId: row.game_id, sourceId: row.source_id };
    const oldest = this.#known.size >= MOST_KNOWN ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(poolId, path);
    return path;
  }
}
