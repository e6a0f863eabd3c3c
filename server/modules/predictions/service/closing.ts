import type { Principal } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import { CHANGES_TOPIC, gameTopic, type ResolverEvent, resolverTopic } from '../events.ts';
import { RuleError } from '../rules/errors.ts';
import { assertGameAllows, assertSourceAllows, sourceStateAfterClose } from '../rules/game.ts';
import type { GameState } from '../rules/types.ts';
import { requireRole } from './access.ts';
import type { Done, ServiceDeps } from './deps.ts';
import type { ResolverProgress } from './progress.ts';
import { GAMES, lockGame, lockSource } from './store.ts';

/** How long the answer waits for the Resolver; a later repeat finishes what is left (crash table of section 7). */
const WAIT_MS = 30_000;
/** How far the clocks of two processes may be apart (DESIGN M12): only narrows the search in the log. */
const CLOCKS_APART_MS = 60_000;
/** Most pool ids named in a refusal (DESIGN M5). */
const MOST_POOLS_NAMED = 1_000;

/** 6627: manual pools wait for their 395. `done` is what the close has told so far, which the caller hears of as well (WC3). */
export class UnresolvedPools extends RuleError {
  readonly done: { readonly events: readonly EventRef[]; readonly cause: string };

  constructor(poolIds: readonly string[], done: { events: readonly EventRef[]; cause: string }) {
    const isCut = poolIds.length > MOST_POOLS_NAMED;
    super('unresolved_pools', {
      pools: poolIds.slice(0, MOST_POOLS_NAMED),
      ...(isCut ? { pools_total: poolIds.length } : {}),
    });
    this.done = done;
  }
}

/** A game asked to close: its requests and its messages are told apart from others by their places in the logs. */
interface Asked {
  gameId: string;
  request: EventRef;
  /** Head of the game's topic when the request was made. */
  since: number;
}

/** Closes games and sources (375, 366): asks the Resolver, which settles pools in the order of the game's log, and waits for it. */
export class ClosingService {
  readonly #deps: ServiceDeps;
  readonly #progress: ResolverProgress;

  constructor(deps: ServiceDeps, progress: ResolverProgress) {
    this.#deps = deps;
    this.#progress = progress;
  }

  /** 375: GM7-GM11. Body of 341. @throws RuleError 6602, 6609, 6618; UnresolvedPools; Unavailable when settling takes very long */
  async closeGame(principal: Principal, gameId: string, force: boolean): Promise<Done<{ game_id: string }>> {
    const { authority, database, ports } = this.#deps;
    const cause = ports.ids.uuid();
    const asked = await database.transaction('predictions.game.close', async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.game.maintain', game);
      assertGameAllows('close', game, ports.clock.now());
      return await this.#ask(tx, [game], { force, cause });
    });
    const events = await this.#finish(asked, cause);
    const [game] = asked;
    const waiting = await readUnclosed(database, [game!.gameId]);
    if (waiting.length > 0) throw new UnresolvedPools(poolIdsOf(waiting), { events, cause });
    return { body: { game_id: game!.gameId }, events, cause };
  }

  /** 366: closes every game of a source, then the source (GM13). Body of 336. @throws RuleError 6602, 6608, 6619; UnresolvedPools; Unavailable */
  async closeSource(principal: Principal, sourceId: string, force: boolean): Promise<Done<{ source_id: string }>> {
    const { authority, database, ports } = this.#deps;
    const cause = ports.ids.uuid();
    const asked = await database.transaction('predictions.source.close', async (tx) => {
      const source = await lockSource(tx, sourceId);
      await requireRole(authority, tx, principal, 'predictions.source.administer', { sourceId: source.sourceId });
      assertSourceAllows('close', source.state);
      // From here on no game is created or opened in it, so the list below is complete.
      await tx.query(`update predictions_sources set state = 'closing' where id = $1`, [source.sourceId]);
      const open = await readOpenGames(tx, source.sourceId);
      const locked = await tx.lock<{ id: string; state: GameState }>(GAMES, 'id, state', open);
      const games = locked.filter((game) => game.state !== 'closed').map(({ id, state }) => ({ gameId: id, state }));
      return await this.#ask(tx, games, { force, cause });
    });
    const events = await this.#finish(asked, cause);
    return await database.transaction('predictions.source.closed', async (tx) => {
      const source = await lockSource(tx, sourceId);
      const waiting = await readUnclosed(tx, await readOpenGames(tx, source.sourceId));
      if (sourceStateAfterClose(waiting.length) === 'closing') {
        throw new UnresolvedPools(poolIdsOf(waiting), { events, cause });
      }
      await tx.query(`update predictions_sources set state = 'closed' where id = $1`, [source.sourceId]);
      tx.append({ topic: CHANGES_TOPIC, type: 'sources', data: { source_id: source.sourceId } });
      return { body: { source_id: source.sourceId }, events, cause };
    });
  }

  /** Puts the request into each game's log, under the games' locks. One that was never opened cannot be opened any more (GM11). */
  async #ask(
    tx: Tx,
    games: readonly { gameId: string; state: GameState }[],
    data: { force: boolean; cause: string },
  ): Promise<Asked[]> {
    const gameIds = games.map((game) => game.gameId);
    const unopened = games.filter((game) => game.state === 'created').map((game) => game.gameId);
    await tx.query(`update predictions_games set state = 'closing' where id = any ($1::uuid[])`, [unopened]);
    const rows = await tx.query<{ topic: string; seq: bigint }>(
      'select topic, seq from topics where topic = any ($1::text[])',
      [gameIds.map(gameTopic)],
    );
    const heads = new Map(rows.map((row) => [row.topic, Number(row.seq)]));
    return gameIds.map((gameId) => {
      const isUnopened = unopened.includes(gameId);
      const request: ResolverEvent = {
        type: 'close.requested',
        data: { ...data, ...(isUnopened ? { isUnopened } : {}) },
      };
      return {
        gameId,
        request: tx.append({ topic: resolverTopic(gameId), ...request }),
        since: heads.get(gameTopic(gameId)) ?? 0,
      };
    });
  }

  /** Waits until the Resolver is through, and reads what it has told the games on this request's account. */
  async #finish(asked: readonly Asked[], cause: string): Promise<EventRef[]> {
    await Promise.all(asked.map(({ gameId, request }) => this.#progress.waitFor(gameId, request.seq, WAIT_MS)));
    const rows = await this.#deps.database.query<{
      topic: string;
      seq: bigint;
      type: string;
      at: bigint;
      data: unknown;
    }>(
      `select e.topic, e.seq, e.type, e.at, e.data from unnest($1::text[], $2::bigint[], $3::bigint[]) as t(topic, since, since_at)
       join events e on e.topic = t.topic and e.seq > t.since and e.at >= t.since_at
       where e.data ->> 'cause' = $4 order by e.topic, e.seq`,
      [
        asked.map(({ gameId }) => gameTopic(gameId)),
        asked.map(({ since }) => since),
        asked.map(({ request }) => request.at - CLOCKS_APART_MS),
        cause,
      ],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }));
  }
}

async function readOpenGames(database: Queryable, sourceId: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select id from predictions_games where source_id = $1 and state <> 'closed'`,
    [sourceId],
  );
  return rows.map((row) => row.id);
}

/** Games of these that are not closed, with the pools they wait for. */
async function readUnclosed(
  database: Queryable,
  gameIds: readonly string[],
): Promise<{ gameId: string; poolIds: string[] }[]> {
  const rows = await database.query<{ id: string; pools: string[] }>(
    `select g.id, array(select p.id from predictions_pools p where p.game_id = g.id and p.state = 'open' order by p.start_at, p.id) as pools
     from predictions_games g where g.id = any ($1::uuid[]) and g.state <> 'closed' order by g.id`,
    [gameIds],
  );
  return rows.map((row) => ({ gameId: row.id, poolIds: row.pools }));
}

function poolIdsOf(games: readonly { poolIds: readonly string[] }[]): string[] {
  return games.flatMap((game) => game.poolIds);
}
