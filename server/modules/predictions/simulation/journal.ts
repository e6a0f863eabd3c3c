import type { Database } from '../../../platform/database/types.ts';
import type { SeededRandom } from '../../../platform/testing/random.ts';

const LAST_REFS = 5;

/** A bet as its player sends it, again and again under one name. */
export interface JournalBet {
  userId: string;
  poolId: string;
  target: string;
  amount: string;
  clientRef: string;
}

interface Answers {
  bet: JournalBet;
  betIds: Set<string>;
  /** Sendings that nobody has heard of yet. */
  underway: number;
  /** Refused, with nothing underway: the bet is not there (BT6). */
  isRefused: boolean;
}

/** What the people of a simulation were told: none of it may ever be lost or doubled (PF-51). */
export class Journal {
  readonly closed = new Set<string>();
  readonly closedSources = new Set<string>();
  readonly #bets = new Map<string, Answers>();
  readonly #refs: string[] = [];
  readonly #events = new Set<string>();

  newBet(bet: JournalBet): JournalBet {
    this.#bets.set(bet.clientRef, { bet, betIds: new Set(), underway: 0, isRefused: false });
    this.#refs.push(bet.clientRef);
    return bet;
  }

  someBet(random: SeededRandom): JournalBet | undefined {
    if (this.#refs.length === 0) return undefined;
    // Half of the time one of the last, which may still be on its way.
    const refs = random.below(2) === 0 ? this.#refs : this.#refs.slice(-LAST_REFS);
    return this.#bets.get(random.pick(refs))!.bet;
  }

  betSent({ clientRef }: JournalBet): void {
    this.#bets.get(clientRef)!.underway++;
  }

  /** Answered, refused, or lost with its server. */
  betEnded({ clientRef }: JournalBet): void {
    this.#bets.get(clientRef)!.underway--;
  }

  betAnswered({ clientRef }: JournalBet, { bet }: { bet: { betId: string } }): void {
    const answers = this.#bets.get(clientRef)!;
    answers.betIds.add(bet.betId);
    answers.isRefused = false;
  }

  betRefused({ clientRef }: JournalBet): void {
    const answers = this.#bets.get(clientRef)!;
    answers.isRefused = answers.betIds.size === 0 && answers.underway === 1;
  }

  eventAnswered(gameId: string, eventId: string): void {
    this.#events.add(`${gameId}/${eventId}`);
  }

  get counts(): { bets: number; events: number } {
    const bets = [...this.#bets.values()].filter((answers) => answers.betIds.size > 0).length;
    return { bets, events: this.#events.size };
  }

  /** What differs between the journal and the database. */
  async findDifferences(database: Database): Promise<string[]> {
    return [...(await this.#betDifferences(database)), ...(await this.#eventDifferences(database))];
  }

  async #betDifferences(database: Database): Promise<string[]> {
    const rows = await database.query<{ client_ref: string; id: string }>(
      'select client_ref, id from predictions_bets where client_ref is not null',
    );
    const stored = Map.groupBy(rows, (row) => row.client_ref);
    return [...this.#bets].flatMap(([ref, { betIds, isRefused }]) => {
      const ids = (stored.get(ref) ?? []).map((row) => row.id);
      if (ids.length > 1) return [`bet ${ref} is there ${ids.length} times`];
      if (betIds.size > 0 && (betIds.size > 1 || !betIds.has(ids[0] ?? ''))) {
        return [`bet ${ref} was answered as ${[...betIds].join()} and is ${ids[0] ?? 'not there'}`];
      }
      return isRefused && ids.length > 0 ? [`bet ${ref} was refused and is there`] : [];
    });
  }

  async #eventDifferences(database: Database): Promise<string[]> {
    const rows = await database.query<{ key: string; n: bigint }>(
      `select game_id || '/' || shown_id as key, count(*) as n from predictions_events group by key`,
    );
    const stored = new Map(rows.map((row) => [row.key, Number(row.n)]));
    const states = await database.query<{ id: string }>(
      `select id from predictions_games where state = 'closed' union all select id from predictions_sources where state = 'closed'`,
    );
    const isClosed = new Set(states.map((row) => row.id));
    return [
      ...[...this.#events].filter((key) => !stored.has(key)).map((key) => `event ${key} was answered and is lost`),
      ...[...this.closed, ...this.closedSources]
        .filter((id) => !isClosed.has(id))
        .map((id) => `${id} was closed and is not`),
    ];
  }
}
