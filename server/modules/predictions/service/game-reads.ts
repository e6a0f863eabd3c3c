import type { Principal } from '../../../platform/accounts/types.ts';
import { RuleError } from '../rules/errors.ts';
import { isOnActivePath, isOnUpcomingPath } from '../rules/game.ts';
import { activeGameShape, gameCardShape, upcomingGameShape } from '../rules/game-shapes.ts';
import { ACTION_PRIORITY } from '../rules/game-state.ts';
import { levelOf } from '../rules/targets.ts';
import { type GameState, NONE } from '../rules/types.ts';
import { accountOf, requireAction } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import type { SourceShape } from './sources.ts';
import { GAME_COLUMNS, type GameRow, gameFromRow, readGame, readSource, type StoredGame } from './store.ts';

/** Most games in one list (DESIGN M5). */
const MOST_GAMES = 1_000;
const ACTIVE: readonly GameState[] = ['opened', 'closing'];
const UPCOMING: readonly GameState[] = ['created'];

/** Which REST path names a game: `active` takes an opened one, `upcoming` one before its live start (3.2). */
export type GameStage = 'active' | 'upcoming';

/** Counted events on a level-1 target, for the console's score. */
export interface ScoreEntry {
  target_id: string;
  display_name: string;
  count: number;
}

/** Lists of games, for sockets and REST. None of them changes anything. */
export class GameReads {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** 380: opened games of a source. Body of 345. @throws RuleError 6608 */
  async listOfSource(principal: Principal, sourceId: string): Promise<Record<string, unknown>> {
    const games = await this.#gamesOf(principal, sourceId, ACTIVE);
    const now = this.#deps.ports.clock.now();
    return { source_id: sourceId, games: games.map((game) => gameCardShape(game, now)) };
  }

  /** 3811: games of a source that were not opened yet. Body of 3461. @throws RuleError 6608 */
  async upcomingOfSource(principal: Principal, sourceId: string): Promise<Record<string, unknown>> {
    const games = await this.#gamesOf(principal, sourceId, UPCOMING);
    return { source_id: sourceId, games: games.map(upcomingGameShape) };
  }

  /** REST list of opened games; of every source when none is named. @throws RuleError 6608 */
  async active(principal: Principal, sourceId: string | null): Promise<Record<string, unknown>> {
    const games = await this.#gamesOf(principal, sourceId, ACTIVE);
    const now = this.#deps.ports.clock.now();
    return { games_active: games.map((game) => activeGameShape(game, now)) };
  }

  /** REST list of games not opened yet; of every source when none is named. @throws RuleError 6608 */
  async upcoming(principal: Principal, sourceId: string | null): Promise<Record<string, unknown>> {
    const games = await this.#gamesOf(principal, sourceId, UPCOMING);
    return { upcoming_games: games.map(upcomingGameShape) };
  }

  /** Games in which the caller has placed a bet, newest first. */
  async history(principal: Principal): Promise<Record<string, unknown>> {
    const rows = await this.#deps.database.query<GameRow>(
      `select ${GAME_COLUMNS} from predictions_games where id in (
         select p.game_id from predictions_positions s join predictions_pools p on p.id = s.pool_id where s.account_id = $1
       ) order by open_at desc, id limit $2`,
      [accountOf(principal), MOST_GAMES],
    );
    const history = rows.map(gameFromRow).map((game) => ({
      id: game.gameId,
      name: game.name,
      type: game.typeId,
      open_at: game.openAt,
      close_at: game.closeAt,
    }));
    return { game_history: history };
  }

  /** 610: games the caller is admin of, newest first. Body of 620. */
  async listAdministered(principal: Principal): Promise<{ games: { id: string; name: string }[] }> {
    const games = await this.#deps.database.query<{ id: string; name: string }>(
      `select g.id, g.name from predictions_game_admins a join predictions_games g on g.id = a.game_id
       where a.account_id = $1 order by g.created_at desc, g.id limit $2`,
      [accountOf(principal), MOST_GAMES],
    );
    return { games };
  }

  /** Everything that is on, for the console: games that are not closed, with their sources and scores. */
  async overview(principal: Principal): Promise<Record<string, unknown>> {
    const games = await this.#gamesOf(principal, null, [...ACTIVE, ...UPCOMING]);
    const sources = await this.#deps.database.query<SourceShape>(
      `select id, name, description from predictions_sources where state <> 'closed' or id = any ($1::uuid[]) order by created_at, id limit $2`,
      [games.map((game) => game.sourceId), MOST_GAMES],
    );
    const names = new Map(sources.map((source) => [source.id, source.name]));
    const scores = await this.#scoresOf(games);
    const now = this.#deps.ports.clock.now();
    const cards = games.map((game) => ({
      ...gameCardShape(game, now),
      source_id: game.sourceId,
      source_name: names.get(game.sourceId) ?? '',
      score: scores.get(game.gameId) ?? [],
    }));
    return { sources, games: cards };
  }

  /** The game that a REST path names. @throws RuleError 6609 when it is another source's, or not at this stage (3.2) */
  async onPath(path: { sourceId: string | null; gameId: string; stage: GameStage }): Promise<StoredGame> {
    const game = await readGame(this.#deps.database, path.gameId);
    const isOn = path.stage === 'active' ? isOnActivePath(game) : isOnUpcomingPath(game, this.#deps.ports.clock.now());
    const isOwned = path.sourceId === null || path.sourceId.toLowerCase() === game.sourceId;
    if (!isOn || !isOwned) throw new RuleError('unknown_game', { game_id: path.gameId });
    return game;
  }

  /** Games of a source in the order of lists: by `live_start_at`, unset last, then id (4.3). */
  async #gamesOf(principal: Principal, sourceId: string | null, states: readonly GameState[]): Promise<StoredGame[]> {
    const { authority, database } = this.#deps;
    requireAction(authority, principal, 'predictions.public.read');
    if (sourceId !== null) await readSource(database, sourceId);
    const rows = await database.query<GameRow>(
      `select ${GAME_COLUMNS} from predictions_games where ($1::uuid is null or source_id = $1) and state = any ($2)
       order by live_start_at nulls last, id limit $3`,
      [sourceId, states, MOST_GAMES],
    );
    return rows.map(gameFromRow);
  }

  /** How often the most important action of each game's type has happened for each team (GM6); types without one have no score. */
  async #scoresOf(games: readonly StoredGame[]): Promise<Map<string, ScoreEntry[]>> {
    const scored = games.flatMap((game) => {
      const [actionId] = ACTION_PRIORITY.get(game.typeName) ?? [];
      return actionId === undefined ? [] : [{ game, actionId }];
    });
    const rows = await this.#deps.database.query<{ game_id: string; target: string; n: bigint }>(
      `select e.game_id, split_part(e.target_id, ':', 1) as target, count(*) as n
       from unnest($1::uuid[], $2::text[]) as s(game_id, action_id)
       join predictions_events e on e.game_id = s.game_id and e.action_id = s.action_id and e.pool_id is null
       group by e.game_id, target`,
      [scored.map(({ game }) => game.gameId), scored.map(({ actionId }) => actionId)],
    );
    const counts = new Map(rows.map((row) => [`${row.game_id}/${row.target}`, Number(row.n)]));
    return new Map(
      scored.map(({ game }) => {
        const teams = game.targets.filter(({ targetId }) => targetId !== NONE && levelOf(targetId) === 1);
        const score = teams.map(({ targetId, displayName }) => ({
          target_id: targetId,
          display_name: displayName,
          count: counts.get(`${game.gameId}/${targetId}`) ?? 0,
        }));
        return [game.gameId, score];
      }),
    );
  }
}
