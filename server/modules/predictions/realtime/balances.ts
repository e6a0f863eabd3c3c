import type { Queryable } from '../../../platform/database/types.ts';
import type { LoggedEvent } from '../../../platform/events/types.ts';
import type { Logger } from '../../../platform/ports.ts';
import type { BetsPlaced } from '../events.ts';
import { moneyOut } from '../rules/money.ts';
import type { OpcodeConnection } from './connection.ts';
import { messageFrame } from './frames.ts';

export interface BalanceTellerDeps {
  database: Queryable;
  log: Logger;
  nowMs(): number;
  /** Open connections of each account in this process. */
  connections: ReadonlyMap<string, ReadonlySet<OpcodeConnection>>;
}

interface BalanceRow {
  account_id: string;
  currency: string;
  available: bigint;
  exposure: bigint;
}

/**
 * Tells balances (815) to connected players: facts are in the log, balances follow from them, read with one query an event (BT9, DESIGN M4).
 * Whatever a lost hint leaves untold, `recheck` finds.
 */
export class BalanceTeller {
  readonly #deps: BalanceTellerDeps;
  readonly #currencies = new Map<string, string>();
  #soon = new Map<string, Set<string>>();
  #telling: Promise<void> = Promise.resolve();

  constructor(deps: BalanceTellerDeps) {
    this.#deps = deps;
  }

  /** Balances of these players changed by bets in a game: told with what else changed in this turn. */
  tellSoon(gameTopic: string, accountIds: readonly string[]): void {
    const connected = accountIds.filter((accountId) => this.#deps.connections.has(accountId));
    if (connected.length === 0) return;
    if (this.#soon.size === 0) setImmediate(() => this.#flush());
    const waiting = this.#soon.get(gameTopic) ?? new Set<string>();
    for (const accountId of connected) waiting.add(accountId);
    this.#soon.set(gameTopic, waiting);
  }

  /** The end of a settlement step: everybody connected with money in these pools, once (BT9). */
  async tellSettled(
    gameTopic: string,
    poolIds: readonly string[],
    except?: (connection: OpcodeConnection) => boolean,
  ): Promise<void> {
    const connected = [...this.#deps.connections.keys()];
    if (connected.length === 0) return;
    await this.#inTurn(async () => {
      const rows = await this.#deps.database.query<{ account_id: string }>(
        'select distinct account_id from predictions_positions where pool_id = any ($1::uuid[]) and account_id = any ($2::uuid[])',
        [poolIds, connected],
      );
      const accountIds = rows.map((row) => row.account_id);
      await this.#tell(await this.#currencyOf(gameTopic), accountIds, except);
    });
  }

  /** An event of a game nobody here has joined: bettors with another device are told all the same. */
  hint(event: LoggedEvent): void {
    if (event.type === 'bets.placed') this.tellSoon(event.topic, (event.data as BetsPlaced).bettors);
  }

  /** Remembers what a connection knows, so that only changes are told. */
  async prime(connection: OpcodeConnection): Promise<void> {
    await this.#inTurn(async () => {
      for (const row of await this.#read([connection.accountId])) connection.told.set(row.currency, fingerprint(row));
    });
  }

  /**
   * Compares every connected player's balances with what was told: for hints that never came. `catchUp` brings in the messages that go before
   * (EV8); what it leaves untold and unchanged is told then.
   */
  async recheck(catchUp: () => Promise<void>): Promise<void> {
    const untold = (await this.#read([...this.#deps.connections.keys()])).filter((row) => this.#isUntold(row));
    if (untold.length === 0) return;
    await catchUp();
    const before = new Map(untold.map((row) => [`${row.account_id}/${row.currency}`, fingerprint(row)]));
    await this.#inTurn(async () => {
      for (const row of await this.#read([...new Set(untold.map((each) => each.account_id))])) {
        if (before.get(`${row.account_id}/${row.currency}`) === fingerprint(row)) this.#send(row);
      }
    });
  }

  #flush(): void {
    const soon = this.#soon;
    this.#soon = new Map();
    for (const [topic, accountIds] of soon) {
      void this.#inTurn(async () => await this.#tell(await this.#currencyOf(topic), [...accountIds]));
    }
  }

  /** One reading after the other, so that no balance is told after a newer one. What fails, the next check tells. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    this.#telling = this.#telling.then(read).catch((error: unknown) => {
      this.#deps.log.warn({ err: error }, 'balances were not told; the next check tells them');
    });
    return this.#telling;
  }

  async #tell(
    currency: string,
    accountIds: readonly string[],
    except?: (connection: OpcodeConnection) => boolean,
  ): Promise<void> {
    if (accountIds.length === 0) return;
    for (const row of await this.#read(accountIds)) if (row.currency === currency) this.#send(row, except);
  }

  #send(row: BalanceRow, except: (connection: OpcodeConnection) => boolean = () => false): void {
    const print = fingerprint(row);
    const body = {
      current_balance: moneyOut(row.available + row.exposure),
      available_balance: moneyOut(row.available),
      currency: row.currency,
      exposure: moneyOut(row.exposure),
    };
    for (const connection of this.#deps.connections.get(row.account_id) ?? []) {
      if (connection.told.get(row.currency) === print || except(connection)) continue;
      connection.told.set(row.currency, print);
      connection.send(messageFrame(815, body, this.#deps.nowMs()));
    }
  }

  #isUntold(row: BalanceRow): boolean {
    const connections = [...(this.#deps.connections.get(row.account_id) ?? [])];
    return connections.some(({ told }) => told.has(row.currency) && told.get(row.currency) !== fingerprint(row));
  }

  #read(accountIds: readonly string[]): Promise<BalanceRow[]> {
    return this.#deps.database.query<BalanceRow>(
      'select account_id, currency, available, exposure from predictions_balances where account_id = any ($1::uuid[])',
      [accountIds],
    );
  }

  async #currencyOf(gameTopic: string): Promise<string> {
    const known = this.#currencies.get(gameTopic);
    if (known !== undefined) return known;
    const gameId = gameTopic.slice(gameTopic.lastIndexOf('/') + 1);
    const [row] = await this.#deps.database.query<{ currency: string }>(
      'select currency from predictions_games where id = $1',
      [gameId],
    );
    const currency = row?.currency ?? '';
    if (this.#currencies.size > 10_000) this.#currencies.clear();
    this.#currencies.set(gameTopic, currency);
    return currency;
  }
}

function fingerprint(row: BalanceRow): string {
  return `${row.available}/${row.exposure}`;
}
