import type { AccountPrincipal, SystemPrincipal } from '../../../platform/accounts/types.ts';
import { ensureUnattended } from '../../../platform/accounts/unattended.ts';
import { addActions } from '../rules/actions.ts';
import { duplicateKey } from '../rules/events.ts';
import { addTargets } from '../rules/targets.ts';
import type { ServiceDeps } from '../service/deps.ts';
import { findEventsByKey } from '../service/event-rows.ts';
import type { GameService } from '../service/games.ts';
import type { SourceService } from '../service/sources.ts';
import { readGame, type StoredGame } from '../service/store.ts';
import { itemIdOf } from './feed.ts';
import { type Match, timedFacts, vocabularyOf } from './match.ts';

const SYSTEM: SystemPrincipal = { kind: 'system', name: 'predictions.match-games' };
/** No person can take this name or address: both hold a blank (PF-66). */
const AGENT = { username: 'Event server', email: 'event server@greenroom.invalid' };

export interface MatchGamesOptions {
  deps: ServiceDeps;
  services: { sources: SourceService; games: GameService };
}

/** Finds the game a match of a feed belongs to, by the names of source and game, and makes what is missing. */
export class MatchGames {
  readonly #deps: ServiceDeps;
  readonly #services: MatchGamesOptions['services'];

  constructor({ deps, services }: MatchGamesOptions) {
    this.#deps = deps;
    this.#services = services;
  }

  /**
   * The game of a match in the source of this name, opened, with all actions and targets of the match. A closed game is given back as it is.
   * @throws RuleError 6607 for names no game can have, 6609 for a game the feed names and nobody knows, 6619
   */
  async ensure(match: Match, sourceName: string): Promise<StoredGame> {
    // Two feeds that begin at once make one source and one game.
    return await this.#deps.database.withConnection(async (connection) => {
      const lock = ['predictions.match-games', sourceName];
      await connection.query('select pg_advisory_lock(hashtext($1), hashtext($2))', lock);
      try {
        const gameId =
          match.gameId ?? (await this.#findGame(sourceName, match.name)) ?? (await this.#makeGame(match, sourceName));
        return await this.#complete(match, await readGame(this.#deps.database, gameId));
      } finally {
        await connection.query('select pg_advisory_unlock(hashtext($1), hashtext($2))', lock);
      }
    });
  }

  /** Minutes of play after which the newest fact came that the game has of this feed; null when it has none. */
  async elapsedMinutes(
    match: Match,
    feed: string,
    game: Pick<StoredGame, 'gameId' | 'sourceId'>,
  ): Promise<number | null> {
    const facts = timedFacts(match).map(({ fact, elapsedMinutes }) => {
      const feedItem = { source: game.sourceId, feed, itemId: itemIdOf(match, fact) };
      return {
        elapsedMinutes,
        key: duplicateKey({ eventId: null, feedItem, actionId: '', targetId: '', explicitHappenedAt: null })!,
      };
    });
    const known = await findEventsByKey(
      this.#deps.database,
      game.gameId,
      facts.map(({ key }) => key),
    );
    return facts.findLast(({ key }) => known.has(key))?.elapsedMinutes ?? null;
  }

  async #findGame(sourceName: string, gameName: string): Promise<string | null> {
    const [row] = await this.#deps.database.query<{ id: string }>(
      `select g.id from predictions_games g join predictions_sources s on s.id = g.source_id
       where s.name = $1 and g.name = $2 order by g.state = 'closed', g.created_at desc, g.id limit 1`,
      [sourceName, gameName],
    );
    return row?.id ?? null;
  }

  async #makeGame(match: Match, sourceName: string): Promise<string> {
    const { settings } = this.#deps;
    const agent = await this.#agent();
    const sourceId = await this.#ensureSource(agent, sourceName);
    const { body } = await this.#services.games.createAndOpen(agent, {
      ...{ sourceId, name: match.name, type: match.type, ...vocabularyOf(match) },
      ...{ openAt: null, closeAt: null, liveStartAt: null, liveFinishAt: null, hashtag: null, imageUrl: null },
      currency: settings.currencies[0]!,
    });
    return String(body.game_id);
  }

  /** What the server makes belongs to the operators: they can appoint themselves admins of its games. */
  async #ensureSource(agent: AccountPrincipal, name: string): Promise<string> {
    const { database } = this.#deps;
    const [found] = await database.query<{ id: string }>(
      `select id from predictions_sources where name = $1 and state = 'open' order by created_at, id limit 1`,
      [name],
    );
    const sourceId =
      found?.id ?? (await this.#services.sources.open(agent, { name, description: null })).body.source_id;
    await database.query(
      `insert into predictions_source_admins (source_id, account_id)
       select $1, id from accounts where id = $2 or ($3 and 'superuser' = any (grants) and state = 'active') order by id
       on conflict do nothing`,
      [sourceId, agent.accountId, found === undefined],
    );
    return sourceId;
  }

  async #agent(): Promise<AccountPrincipal> {
    const [account] = await ensureUnattended(this.#deps.database, this.#deps.ports.ids, [AGENT]);
    return { ...account!, grants: new Set(['predictions.developer']) };
  }

  /** Opens a game somebody has prepared, and adds what the match needs besides (TG8). */
  async #complete(match: Match, game: StoredGame): Promise<StoredGame> {
    const { games } = this.#services;
    const { actions, targets } = vocabularyOf(match);
    if (game.state === 'created') await games.open(SYSTEM, game.gameId, { actions, targets });
    else if (game.state === 'opened') {
      const isMissing =
        addActions(game.actions, actions).length > game.actions.length ||
        addTargets(game.targets, targets).length > game.targets.length;
      if (isMissing) await games.update(SYSTEM, game.gameId, { actions, targets });
    }
    return await readGame(this.#deps.database, game.gameId);
  }
}
