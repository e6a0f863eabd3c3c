import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import type { Timer } from '../../../platform/jobs/timers.ts';
import { type Broadcast, gameTopic } from '../events.ts';
import { RuleError } from '../rules/errors.ts';
import { assertGameAllows } from '../rules/game.ts';
import type { ServiceDeps } from './deps.ts';
import { isUuid, PLAYERS, readGame } from './store.ts';

/** Fired when a dropped connection was not taken up again in time (WS10). General timer: no order with match events matters. */
export const RECONNECT_TIMER = 'predictions.reconnect';

/** Most connections of a dead process that one transaction gives up. */
const MOST_AT_ONCE = 500;

/** What a new connection takes over from a dropped one (WS10). */
export interface Restored {
  logonId: string | null;
  games: string[];
  /** Sources of these games: who has joined a game is in the audience of its source (1.3). */
  sources: string[];
}

interface ConnectionRow {
  id: string;
  nonce: string;
  logon_id: string | null;
  games: string[];
}

/** Who has joined which game, over all connections of a player, kept for the reconnect window after a drop (WS6, WS10, GM14). */
export class AttendanceService {
  readonly #deps: ServiceDeps;
  readonly #processId: string;

  constructor(deps: ServiceDeps, processId: string) {
    this.#deps = deps;
    this.#processId = processId;
    deps.timers.handle(RECONNECT_TIMER, (tx, timer) => this.#giveUp(tx, timer));
  }

  /**
   * Enters a new connection: refuses a replayed nonce (WS6), else takes over what the player's latest dropped connection had, that of the same nonce
   * first, even when its drop has not been noticed yet (WS10). Returns null when refused.
   */
  async enter(connectionId: string, accountId: string, nonce: string): Promise<Restored | null> {
    return await this.#deps.database.transaction('predictions.enter', async (tx) => {
      await lockPlayers(tx, [accountId]);
      const fresh = await tx.query(
        'insert into predictions_nonces (account_id, nonce, used_at) values ($1, $2, $3) on conflict do nothing returning 1 as one',
        [accountId, nonce, tx.now],
      );
      const rows = await tx.query<ConnectionRow & { dropped_at: bigint | null }>(
        'select id, nonce, logon_id, games, dropped_at from predictions_connections where account_id = $1 order by dropped_at desc nulls last, id',
        [accountId],
      );
      const usable = rows.filter(
        (row) => row.dropped_at === null || Number(row.dropped_at) > tx.now - this.#deps.settings.reconnectWindowMs,
      );
      if (fresh.length === 0 && !usable.some((row) => row.nonce === nonce)) return null;
      // Dropped ones come first: one whose drop is known is the likelier forerunner.
      const taken = usable.find((row) => row.nonce === nonce) ?? usable.find((row) => row.dropped_at !== null);
      if (taken && taken.dropped_at !== null) {
        await tx.query('delete from predictions_connections where id = $1', [taken.id]);
        await this.#deps.timers.cancel(tx, [{ kind: RECONNECT_TIMER, key: taken.id }]);
      }
      const open = await readOpen(tx, taken?.games ?? []);
      const games = open.map((game) => game.gameId);
      await tx.query(
        `insert into predictions_connections (id, account_id, nonce, process_id, logon_id, is_logged_on, games, opened_at)
         values ($1, $2, $3, $4, $5::uuid, $5::uuid is not null, $6, $7)`,
        [connectionId, accountId, nonce, this.#processId, taken?.logon_id ?? null, games, tx.now],
      );
      const sources = [...new Set(open.map((game) => game.sourceId))];
      return { logonId: taken?.logon_id ?? null, games, sources };
    });
  }

  async loggedOn(connectionId: string, logonId: string): Promise<void> {
    await this.#deps.database.query(
      'update predictions_connections set is_logged_on = true, logon_id = $2 where id = $1',
      [connectionId, logonId],
    );
  }

  /** Op 363: 470 goes out when it is the player's first connection in the game (GM14). @throws RuleError 6609, 6618 */
  async join(principal: AccountPrincipal, connectionId: string, gameId: string): Promise<EventRef | null> {
    const { accountId } = principal;
    return await this.#deps.database.transaction('predictions.join', async (tx) => {
      await lockPlayers(tx, [accountId]);
      assertGameAllows('join', await readGame(tx, gameId), this.#deps.ports.clock.now());
      const isFirst = !(await isPresent(tx, accountId, gameId));
      await tx.query(
        'update predictions_connections set games = array_append(games, $2::uuid) where id = $1 and not ($2::uuid = any (games))',
        [connectionId, gameId],
      );
      return isFirst ? announce(tx, 'player.joined', gameId, principal) : null;
    });
  }

  /** Op 364: 480 goes out when no other connection of the player is in the game. @throws RuleError 6622 */
  async leave(principal: AccountPrincipal, connectionId: string, gameId: string): Promise<EventRef | null> {
    const { accountId } = principal;
    if (!isUuid(gameId)) throw new RuleError('not_subscribed', { game_id: gameId });
    return await this.#deps.database.transaction('predictions.leave', async (tx) => {
      await lockPlayers(tx, [accountId]);
      const left = await tx.query(
        'update predictions_connections set games = array_remove(games, $2::uuid) where id = $1 and $2::uuid = any (games) returning 1 as one',
        [connectionId, gameId],
      );
      const isOpen = (await readOpen(tx, [gameId])).length > 0;
      if (left.length === 0 || !isOpen) throw new RuleError('not_subscribed', { game_id: gameId });
      return (await isPresent(tx, accountId, gameId)) ? null : announce(tx, 'player.left', gameId, principal);
    });
  }

  /** The connection is gone: what it had waits for the reconnect window (WS10). */
  async drop(connectionId: string, accountId: string): Promise<void> {
    await this.#deps.database.transaction('predictions.drop', async (tx) => {
      await lockPlayers(tx, [accountId]);
      await this.#dropRows(tx, [connectionId]);
    });
  }

  /** Connections whose process has died without saying so (PF-27). Returns how many. */
  async dropOrphans(isAlive: (processId: string) => boolean): Promise<number> {
    const rows = await this.#deps.database.query<{ id: string; account_id: string; process_id: string }>(
      'select id, account_id, process_id from predictions_connections where dropped_at is null',
    );
    const orphans = rows.filter((row) => row.process_id !== this.#processId && !isAlive(row.process_id));
    for (let from = 0; from < orphans.length; from += MOST_AT_ONCE) {
      const some = orphans.slice(from, from + MOST_AT_ONCE);
      await this.#deps.database.transaction('predictions.drop', async (tx) => {
        await lockPlayers(tx, [...new Set(some.map((row) => row.account_id))]);
        await this.#dropRows(
          tx,
          some.map((row) => row.id),
        );
      });
    }
    return orphans.length;
  }

  /** Nonces that no living key can have signed are forgotten (WS6). */
  async sweepNonces(): Promise<void> {
    const before = this.#deps.ports.clock.now() - 2 * this.#deps.settings.sessionKeyTtlMs;
    await this.#deps.database.query('delete from predictions_nonces where used_at < $1', [before]);
  }

  async #dropRows(tx: Tx, ids: readonly string[]): Promise<void> {
    const rows = await tx.query<{ id: string }>(
      'update predictions_connections set dropped_at = $2 where id = any ($1::uuid[]) and dropped_at is null returning id',
      [ids, tx.now],
    );
    const dueAt = tx.now + this.#deps.settings.reconnectWindowMs;
    await this.#deps.timers.set(
      tx,
      rows.map((row) => ({ kind: RECONNECT_TIMER, key: row.id, dueAt })),
    );
  }

  async #giveUp(tx: Tx, timer: Timer): Promise<void> {
    const [row] = await tx.query<{ account_id: string }>(
      'select account_id from predictions_connections where id = $1',
      [timer.key],
    );
    if (!row) return;
    await lockPlayers(tx, [row.account_id]);
    const [gone] = await tx.query<{ games: string[]; username: string }>(
      `delete from predictions_connections c where id = $1 and dropped_at is not null
       returning games, (select username from accounts a where a.id = c.account_id) as username`,
      [timer.key],
    );
    for (const { gameId } of await readOpen(tx, gone?.games ?? [])) {
      if (await isPresent(tx, row.account_id, gameId)) continue;
      announce(tx, 'player.left', gameId, { accountId: row.account_id, username: gone!.username });
    }
  }
}

/** Those of these games that are not closed: all subscriptions end with a game (GM12). */
async function readOpen(
  database: Queryable,
  gameIds: readonly string[],
): Promise<{ gameId: string; sourceId: string }[]> {
  if (gameIds.length === 0) return [];
  const rows = await database.query<{ id: string; source_id: string }>(
    `select id, source_id from predictions_games where id = any ($1::uuid[]) and state <> 'closed' order by array_position($1::uuid[], id)`,
    [gameIds],
  );
  return rows.map((row) => ({ gameId: row.id, sourceId: row.source_id }));
}

/** Joins and leaves of one player happen one after the other. */
async function lockPlayers(tx: Tx, accountIds: readonly string[]): Promise<void> {
  await tx.lock(PLAYERS, '1', accountIds);
}

async function isPresent(database: Queryable, accountId: string, gameId: string): Promise<boolean> {
  const rows = await database.query(
    'select 1 as one from predictions_connections where account_id = $1 and $2::uuid = any (games) limit 1',
    [accountId, gameId],
  );
  return rows.length > 0;
}

function announce(
  tx: Tx,
  type: 'player.joined' | 'player.left',
  gameId: string,
  who: { accountId: string; username: string },
): EventRef {
  const data: Broadcast = { body: { game_id: gameId, user_id: who.accountId, user_name: who.username } };
  return tx.append({ topic: gameTopic(gameId), type, data, actor: who.accountId });
}
