import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../../server/platform/testing/random.ts';
import type { JournalWriter, WriteKind } from './journal.ts';
import type { Answer, PersistentClient } from './persistent-client.ts';

/** A pool that bets are placed in. */
export interface OpenPool {
  poolId: string;
  targets: string[];
}

const GAMES = 3;
const POOLS_A_GAME = 5;
const EVENTS_A_GAME = 25;
const EVENT_EVERY_ROUNDS = 4;
const BETWEEN_ROUNDS_MS = 60;
const POOL_LASTS_MS = 2_500;
const GAME_CLOSED = 6618;

interface Match {
  gameId: string;
  events: number;
}

/** The admin of several matches at once: opens pools, registers events, closes matches and opens new ones, until told to finish. */
export class MatchAdmin {
  /** Unresolved pools of all matches, as seen last. */
  pools: readonly OpenPool[] = [];
  readonly #client: PersistentClient;
  readonly #journal: JournalWriter;
  readonly #random: SeededRandom;
  readonly #sourceId: string;
  readonly #onMatch: (gameId: string) => void;
  #matches: Match[] = [];

  constructor(options: {
    client: PersistentClient;
    journal: JournalWriter;
    random: SeededRandom;
    sourceId: string;
    onMatch(gameId: string): void;
  }) {
    this.#onMatch = options.onMatch;
    this.#client = options.client;
    this.#journal = options.journal;
    this.#random = options.random;
    this.#sourceId = options.sourceId;
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      while (this.#matches.length < GAMES) await this.#openMatch();
      const seen = await Promise.all(this.#matches.map((match) => this.#tend(match)));
      this.pools = seen.flat();
      await pause(BETWEEN_ROUNDS_MS);
    }
    await Promise.all(this.#matches.map((match) => this.#close(match)));
  }

  async #openMatch(): Promise<void> {
    const answer = await this.#write('game', this.#random.uuid(), 370, {
      source_id: this.#sourceId,
      game_name: 'Chile - Peru',
      type: 'football',
      actions: ['Goal', 'Foul'],
      targets: ['Chile:11', 'Chile:7', 'Peru:4'],
    });
    const gameId = String(answer.game_id);
    await this.#client.ask(616, { game_id: gameId });
    this.#onMatch(gameId);
    this.#matches.push({ gameId, events: 0 });
  }

  async #tend(match: Match): Promise<OpenPool[]> {
    if (match.events >= EVENTS_A_GAME) {
      this.#matches = this.#matches.filter((other) => other !== match);
      await this.#close(match);
      return [];
    }
    if (this.#random.below(EVENT_EVERY_ROUNDS) === 0) await this.#registerEvent(match);
    const { pools_list: listed } = await this.#client.ask(387, { game_id: match.gameId });
    const pools = listed as { pool_id: string; distribution: { target_id: string }[] }[];
    for (let i = pools.length; i < POOLS_A_GAME; i++) await this.#openPool(match);
    return pools.map((pool) => ({
      poolId: pool.pool_id,
      targets: pool.distribution.map((entry) => entry.target_id),
    }));
  }

  async #openPool({ gameId }: Match): Promise<void> {
    const type = 1 + this.#random.below(4);
    await this.#write('pool', this.#random.uuid(), 385, {
      game_id: gameId,
      description: 'Who is next?',
      type,
      ...(type > 2 ? {} : { action_id: this.#random.pick(['goal', 'foul']), targets: ['chile', 'peru'] }),
      ...(type % 2 === 0 ? { finish_at: Date.now() + 200 + this.#random.below(POOL_LASTS_MS) } : {}),
      recreate_on_end: this.#random.below(2) === 0,
    });
  }

  async #registerEvent(match: Match): Promise<void> {
    const eventId = this.#random.uuid();
    match.events++;
    await this.#write('event', eventId, 395, {
      game_id: match.gameId,
      event_id: eventId,
      action_id: this.#random.pick(['goal', 'foul']),
      target_id: this.#random.pick(['chile:11', 'chile:7', 'peru:4', 'none']),
      ...(this.#random.below(2) === 0 ? { happened_at: Date.now() - this.#random.below(400) } : {}),
    });
  }

  async #close({ gameId }: Match): Promise<void> {
    await this.#write('close', gameId, 375, { game_id: gameId, force: true });
  }

  async #write(kind: WriteKind, ref: string, op: number, params: Readonly<Record<string, unknown>>): Promise<Answer> {
    const answer = await this.#client.ask(
      op,
      params,
      () => void this.#journal.write({ what: 'sent', kind, ref, data: params }),
    );
    const { response_header: _header, ...data } = answer;
    // Closed by the sending whose answer was lost (GM12).
    const isDone = answer.res !== 666 || (kind === 'close' && answer.code === GAME_CLOSED);
    if (isDone) await this.#journal.write({ what: 'acknowledged', kind, ref, data });
    else await this.#journal.write({ what: 'refused', kind, ref, code: answer.code });
    return answer;
  }
}
