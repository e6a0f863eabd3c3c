import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { DomainError } from '../../../platform/errors.ts';
import type { EventFeed, LoggedEvent } from '../../../platform/events/types.ts';
import type { Ports } from '../../../platform/ports.ts';
import { type Broadcast, type BroadcastType, gameTopic } from '../events.ts';
import { waitUntil } from '../feeds/feed.ts';
import { RuleError } from '../rules/errors.ts';
import { NONE } from '../rules/types.ts';
import type { PredictionsServices } from '../service/services.ts';
import { REACTIONS, SMALL_TALK } from './words.ts';

export interface CrowdOptions {
  services: Pick<PredictionsServices, 'bets' | 'chat' | 'players'>;
  feed: EventFeed;
  ports: Pick<Ports, 'clock' | 'random' | 'log'>;
  players: readonly AccountPrincipal[];
  currency: string;
  /** How lively it is in quiet minutes. */
  betsPerSecond: number;
}

/** A pool as the crowd sees it. */
interface OpenPool {
  poolId: string;
  isBlocked: boolean;
  targets: readonly { targetId: string; weight: number }[];
  /** One target a player and pool (BT4). */
  backed: Map<string, string>;
}

const CHATS_PER_BET = 0.03;
/** A new question or an event makes everybody bet this much faster, for a while. */
const EXCITEMENT = 3;
const EXCITEMENT_MS = 2_500;
const MOST_IN_FLIGHT = 100;
/** Part of what they have that careful players put on a pool, and what bold ones do. */
const STAKE_SHARES = [0.002, 0.005, 0.01, 0.02, 0.05];
/** Everybody has heard of these two. */
const FAMOUS = /messi|mbapp/;

/** Simulated players of one game: they see its messages as everybody does, bet on its pools and chat. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #pools = new Map<string, OpenPool>();
  readonly #balances = new Map<string, number>();
  #excitedUntil = 0;
  #inFlight = 0;
  #betsPlaced = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  get betsPlaced(): number {
    return this.#betsPlaced;
  }

  /** Plays along until `signal`. Resolves to the playing when the crowd has seen the game, so that no message is missed. */
  async join(gameId: string, signal: AbortSignal): Promise<{ done: Promise<void> }> {
    const { feed, services, players, currency } = this.#options;
    const balances = await services.players.balanceUpdates(
      players.map((player) => player.accountId),
      currency,
    );
    for (const [accountId, body] of balances) this.#balances.set(accountId, Number(body.available_balance));
    const following = await feed.follow(gameTopic(gameId), (events) => {
      for (const event of events) this.#see(event, gameId);
    });
    return { done: this.#play(gameId, signal).finally(() => following.stop()) };
  }

  async #play(gameId: string, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options.ports;
    while (!signal.aborted) {
      const perSecond = this.#options.betsPerSecond * (clock.now() < this.#excitedUntil ? EXCITEMENT : 1);
      // Independent people: the time between two of them is exponential.
      await waitUntil(clock, clock.now() + (-Math.log(1 - random.fraction()) * 1_000) / perSecond, signal);
      if (signal.aborted || this.#inFlight >= MOST_IN_FLIGHT) continue;
      if (random.fraction() < CHATS_PER_BET) void this.#act(() => this.#say(gameId, SMALL_TALK));
      void this.#act(() => this.#bet());
    }
  }

  #see(event: LoggedEvent, gameId: string): void {
    const { body } = event.data as Broadcast;
    switch (event.type as BroadcastType) {
      case 'pool.created':
        this.#pools.set(String(body.pool_id), this.#newPool(body));
        this.#excite();
        break;
      case 'pool.resolved':
      case 'pool.expired':
        this.#pools.delete(String(body.pool_id));
        break;
      case 'pool.blocked':
      case 'pool.allowed':
        this.#setBlocked(String(body.pool_id), event.type === 'pool.blocked');
        break;
      case 'game.event':
        this.#react(gameId, String(body.action_id));
        break;
      case 'game.closed':
        this.#pools.clear();
    }
  }

  #newPool(body: Record<string, unknown>): OpenPool {
    const targets = (body.distribution as { target_id: string }[]).map(({ target_id: targetId }) => {
      const popularity = 0.2 + this.#options.ports.random.fraction();
      return { targetId, weight: popularity * (targetId === NONE ? 0.4 : FAMOUS.test(targetId) ? 3 : 1) };
    });
    return { poolId: String(body.pool_id), isBlocked: body.is_blocked === true, targets, backed: new Map() };
  }

  #setBlocked(poolId: string, isBlocked: boolean): void {
    const pool = this.#pools.get(poolId);
    if (pool) pool.isBlocked = isBlocked;
  }

  #react(gameId: string, actionId: string): void {
    const reactions = REACTIONS[actionId];
    if (!reactions) return;
    this.#excite();
    const voices = actionId === 'goal' || actionId === 'match-won' ? 4 : 1;
    for (let i = 0; i < voices; i++) void this.#act(() => this.#say(gameId, reactions));
  }

  #excite(): void {
    this.#excitedUntil = this.#options.ports.clock.now() + EXCITEMENT_MS;
  }

  async #bet(): Promise<void> {
    const open = [...this.#pools.values()].filter((pool) => !pool.isBlocked);
    if (open.length === 0) return;
    // The newest question is the talk of the room.
    const pool = this.#chance(0.35) ? open.at(-1)! : this.#pick(open);
    const { accountId } = this.#pick(this.#options.players);
    const target = pool.backed.get(accountId) ?? this.#pickTarget(pool);
    const balance = this.#balances.get(accountId) ?? 0;
    const amount = Math.floor(balance * this.#pick(STAKE_SHARES) * 100) / 100;
    if (amount <= 0) return;
    pool.backed.set(accountId, target);
    await this.#options.services.bets.place({
      userId: accountId,
      poolId: pool.poolId,
      target,
      amount,
      clientRef: null,
      kind: 'live',
    });
    this.#betsPlaced += 1;
  }

  async #say(gameId: string, texts: readonly string[]): Promise<void> {
    await this.#options.services.chat.send(this.#pick(this.#options.players), [gameId], this.#pick(texts));
  }

  /** A bet that comes too late, or that somebody cannot afford, is part of the game; an outage passes. */
  async #act(fn: () => Promise<void>): Promise<void> {
    this.#inFlight += 1;
    try {
      await fn();
    } catch (error) {
      if (!(error instanceof RuleError) && !(error instanceof DomainError))
        this.#options.ports.log.warn({ err: error }, 'a simulated player failed');
    } finally {
      this.#inFlight -= 1;
    }
  }

  #pickTarget(pool: OpenPool): string {
    let left = this.#options.ports.random.fraction() * pool.targets.reduce((sum, { weight }) => sum + weight, 0);
    for (const { targetId, weight } of pool.targets) {
      left -= weight;
      if (left <= 0) return targetId;
    }
    return pool.targets.at(-1)!.targetId;
  }

  #chance(probability: number): boolean {
    return this.#options.ports.random.fraction() < probability;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#options.ports.random.fraction() * items.length)]!;
  }
}
