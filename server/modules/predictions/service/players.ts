import type { Principal } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { Ports } from '../../../platform/ports.ts';
import { RuleError } from '../rules/errors.ts';
import { moneyOut } from '../rules/money.ts';
import { accountOf } from './access.ts';
import type { ServiceDeps } from './deps.ts';

/** Players of this process that are known to have their row: asking the database again would be on the way of every bet. */
const MOST_KNOWN_PLAYERS = 100_000;

/** Money of one player in one currency, in hundredths (BT1). */
export interface Balance {
  available: bigint;
  exposure: bigint;
}

/** What an account may do here, for the console: which ids it administers. */
export interface PlayerRoles {
  developer: boolean;
  sources: string[];
  games: string[];
}

/** The module's own row of an account: made by a first own action, never by a read (PF-70). */
export class PlayerService {
  readonly #deps: Pick<ServiceDeps, 'database' | 'ports' | 'authority' | 'settings'>;
  readonly #known: KnownPlayers;

  constructor(deps: Pick<ServiceDeps, 'database' | 'ports' | 'authority' | 'settings'>) {
    this.#deps = deps;
    this.#known = new KnownPlayers(MOST_KNOWN_PLAYERS);
  }

  /** Makes sure that whoever is about to act is a player (PF-70, BT8). Free for everybody seen before. @throws RuleError 6602 */
  async enter(principal: Principal): Promise<string> {
    const accountId = accountOf(principal);
    if (!this.#known.has(accountId)) {
      await this.#deps.database.transaction('predictions.player.enter', (tx) => this.ensurePlayer(tx, accountId));
    }
    return accountId;
  }

  /**
   * The same inside a caller's transaction. The grant is credited once in each enabled currency, also in one that is enabled later (BT8).
   * Inserts only: it takes no place in the lock order.
   */
  async ensurePlayer(tx: Tx, accountId: string): Promise<void> {
    if (this.#known.has(accountId)) return;
    await makePlayer(tx, { ...this.#deps, accountId });
    tx.afterCommit(() => this.#known.add(accountId));
  }

  /** Body of 800. @throws RuleError 6626 */
  async currentBalance(principal: Principal, currency: string): Promise<Record<string, unknown>> {
    const { available, exposure } = await this.#balance(principal, currency);
    return { currency, current_balance: moneyOut(available + exposure) };
  }

  /** Body of 810. @throws RuleError 6626 */
  async availableBalance(principal: Principal, currency: string): Promise<Record<string, unknown>> {
    return { currency, available_balance: moneyOut((await this.#balance(principal, currency)).available) };
  }

  /** Body of 840. @throws RuleError 6626 */
  async exposure(principal: Principal, currency: string): Promise<Record<string, unknown>> {
    return { currency, exposure: moneyOut((await this.#balance(principal, currency)).exposure) };
  }

  /** Bodies of 815 for connected players, by account; who has no balance is absent (DESIGN M4). */
  async balanceUpdates(accountIds: readonly string[], currency: string): Promise<Map<string, Record<string, unknown>>> {
    const balances = await readBalances(this.#deps.database, accountIds, currency);
    return new Map(Array.from(balances, ([accountId, balance]) => [accountId, balanceUpdateBody(currency, balance)]));
  }

  /** The id that makes friends of whoever signs up with it (FR1). @throws RuleError 6602 */
  async challengeId(principal: Principal): Promise<string> {
    const accountId = await this.enter(principal);
    const [row] = await this.#deps.database.query<{ challenge_id: string }>(
      'select challenge_id from predictions_players where account_id = $1',
      [accountId],
    );
    return row!.challenge_id;
  }

  /** Sources and games the account administers (1.2). */
  async roles(principal: Principal): Promise<PlayerRoles> {
    const accountId = accountOf(principal);
    const { database, authority } = this.#deps;
    const rows = await database.query<{ kind: string; id: string }>(
      `select 'source' as kind, source_id as id from predictions_source_admins where account_id = $1
       union all select 'game', game_id from predictions_game_admins where account_id = $1`,
      [accountId],
    );
    const idsOf = (kind: string) => rows.filter((row) => row.kind === kind).map((row) => row.id);
    const developer = authority.can(principal, 'predictions.source.open', null);
    return { developer, sources: idsOf('source'), games: idsOf('game') };
  }

  /** @throws RuleError 6626 */
  requireCurrency(currency: string): void {
    if (!this.#deps.settings.currencies.includes(currency)) throw new RuleError('unsupported_currency', { currency });
  }

  async #balance(principal: Principal, currency: string): Promise<Balance> {
    const accountId = accountOf(principal);
    this.requireCurrency(currency);
    const balances = await readBalances(this.#deps.database, [accountId], currency);
    return balances.get(accountId) ?? { available: 0n, exposure: 0n };
  }
}

/** Body of 815, built for its receiver, never logged (DESIGN M4). */
function balanceUpdateBody(currency: string, { available, exposure }: Balance): Record<string, unknown> {
  return {
    current_balance: moneyOut(available + exposure),
    available_balance: moneyOut(available),
    currency,
    exposure: moneyOut(exposure),
  };
}

async function readBalances(
  database: Queryable,
  accountIds: readonly string[],
  currency: string,
): Promise<Map<string, Balance>> {
  const rows = await database.query<{ account_id: string; available: bigint; exposure: bigint }>(
    'select account_id, available, exposure from predictions_balances where account_id = any ($1::uuid[]) and currency = $2',
    [accountIds, currency],
  );
  return new Map(rows.map((row) => [row.account_id, { available: row.available, exposure: row.exposure }]));
}

/** Row, balances and grants in one statement; what stands already stays (BT8, RS1). */
async function makePlayer(
  tx: Tx,
  {
    accountId,
    ports,
    settings,
  }: {
    accountId: string;
    ports: Pick<Ports, 'ids'>;
    settings: Pick<ServiceDeps['settings'], 'currencies' | 'initialGrant'>;
  },
): Promise<void> {
  await tx.query(
    `with player as (
       insert into predictions_players (account_id, challenge_id, joined_at) values ($1, $2, $3) on conflict (account_id) do nothing
     ), opened as (
       insert into predictions_balances (account_id, currency, available)
       select $1, c.currency, $5::bigint from unnest($4::text[]) as c(currency)
       on conflict (account_id, currency) do nothing returning currency
     )
     insert into predictions_ledger (at, kind, account_id, currency, amount)
     select $3, 'grant', $1, currency, $5::bigint from opened where $5::bigint > 0`,
    [accountId, ports.ids.uuid(), tx.now, settings.currencies, settings.initialGrant],
  );
}

/** A set of bounded size; the oldest member makes room. A forgotten one costs one statement, nothing more. */
class KnownPlayers {
  readonly #ids = new Set<string>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  has(accountId: string): boolean {
    return this.#ids.has(accountId);
  }

  add(accountId: string): void {
    const oldest = this.#ids.size >= this.#most ? this.#ids.values().next().value : undefined;
    if (oldest !== undefined) this.#ids.delete(oldest);
    this.#ids.add(accountId);
  }
}
