import { readFileSync } from 'node:fs';
import type { Account } from '../../platform/accounts/tables.ts';
import type { AccountPrincipal, Grant } from '../../platform/accounts/types.ts';
import { ensureUnattended } from '../../platform/accounts/unattended.ts';
import { asset } from '../../platform/config/asset.ts';
import type { Platform } from '../../platform/platform.ts';
import { Crowd } from './demo/crowd.ts';
import { Host } from './demo/host.ts';
import { playerNames } from './demo/words.ts';
import { EventServer } from './feeds/event-server.ts';
import { waitUntil } from './feeds/feed.ts';
import { type Match, timedFacts } from './feeds/match.ts';
import { readMatch } from './feeds/match-format.ts';
import { replay } from './feeds/replay.ts';
import { findBreaches } from './service/invariants.ts';
import type { PredictionsServices } from './service/services.ts';

/** One match of the demo, when it is over. */
export interface PlayedMatch {
  gameId: string;
  betsPlaced: number;
  /** Rules that did not hold at its end (RS12): none. */
  breaches: number;
}

export interface DemoOptions {
  platform: Platform;
  services: PredictionsServices;
  /** Minutes of play in a minute. */
  speed?: number;
  players?: number;
  betsPerSecond?: number;
  /** Between two matches; pools are open already. */
  pauseMs?: number;
  onPlayed?(match: PlayedMatch): void;
}

export interface Demo {
  /** For the first screen. */
  lines: readonly string[];
  stop(): Promise<void>;
}

const DEFAULTS = { speed: 60, players: 200, betsPerSecond: 7, pauseMs: 15_000 };
const FAILED_PAUSE_MS = 5_000;
/** Time to open the pools of the first match: the later ones have the pause. */
const FIRST_KICK_OFF_MS = 1_000;
const FEED = 'built-in';
const FINAL = 'server/modules/predictions/feeds/final-2022.json';
const SOURCE_NAME = 'World Cup 2022';

/** Plays the built-in match again and again, with simulated players (platform 8). Resolves when the accounts are there; the match follows at once. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { platform } = options;
  const passwords = { fan: madeUpPassword(platform), host: madeUpPassword(platform) };
  const [, host] = await Promise.all([
    platform.accounts.accounts.register(
      { ...person('fan'), password: passwords.fan, arrival: { through: 'predictions' } },
      async () => undefined,
    ),
    platform.accounts.accounts.createAdmin({ ...person('host'), password: passwords.host }),
  ]);
  const stop = new AbortController();
  const running = new MatchLoop({ ...DEFAULTS, ...options }, principalOf(host)).run(stop.signal);
  return {
    lines: [
      `  demo      a World Cup final at ${options.speed ?? DEFAULTS.speed}x speed, ${options.players ?? DEFAULTS.players} simulated players`,
      `  player    fan    password  ${passwords.fan}`,
      `  admin     host   password  ${passwords.host}`,
    ],
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Matches one after the other. */
class MatchLoop {
  readonly #options: DemoOptions & typeof DEFAULTS;
  readonly #account: AccountPrincipal;
  readonly #match: Match;
  readonly #eventServer: EventServer;

  constructor(options: DemoOptions & typeof DEFAULTS, account: AccountPrincipal) {
    this.#options = options;
    this.#account = account;
    this.#match = readMatch(readFileSync(asset(FINAL), 'utf8'));
    this.#eventServer = new EventServer({ events: options.services.events, ports: options.platform.ports });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ports } = this.#options.platform;
    let parts: { host: Host; players: AccountPrincipal[] } | undefined;
    let pauseMs = FIRST_KICK_OFF_MS;
    while (!signal.aborted) {
      try {
        parts ??= await this.#prepare();
        await this.#play(parts, ports.clock.now() + pauseMs, signal);
        pauseMs = this.#options.pauseMs;
      } catch (error) {
        ports.log.error({ err: error }, 'the demo match failed; another one follows');
        await waitUntil(ports.clock, ports.clock.now() + FAILED_PAUSE_MS, signal);
      }
    }
  }

  async #prepare() {
    const { platform, services, speed } = this.#options;
    const players = await this.#enterPlayers();
    const { body } = await services.sources.open(this.#account, { name: SOURCE_NAME, description: 'Demo' });
    const host = new Host({
      ...{ services, ports: platform.ports, host: this.#account, speed },
      ...{ sourceId: body.source_id, currency: this.#currency },
    });
    return { host, players };
  }

  /** Two hundred players in two transactions. */
  async #enterPlayers(): Promise<AccountPrincipal[]> {
    const { platform, services, players: count } = this.#options;
    const wanted = playerNames(count).map((username) => ({ username, email: `${username}@players.invalid` }));
    const players = await ensureUnattended(platform.database, platform.ports.ids, wanted);
    await platform.database.transaction('predictions.demo.enter', async (tx) => {
      for (const player of players) await services.players.ensurePlayer(tx, player.accountId);
    });
    return players;
  }

  /** One match from its pools to the closed game. */
  async #play(
    { host, players }: { host: Host; players: AccountPrincipal[] },
    kickOffAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { platform, services, speed, betsPerSecond, onPlayed } = this.#options;
    const { ports, feed } = platform;
    const gameId = await host.openGame(this.#match, kickOffAt);
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const crowd = new Crowd({ services, feed, ports, players, currency: this.#currency, betsPerSecond });
    const { done } = await crowd.join(gameId, until);
    const alongside: Promise<void>[] = [];
    const aside = (work: Promise<void>) => {
      alongside.push(
        work.catch((error: unknown) => ports.log.warn({ err: error, gameId }, 'the host of the demo failed')),
      );
    };
    try {
      await host.openPools(this.#match, gameId, kickOffAt);
      await waitUntil(ports.clock, kickOffAt, signal);
      aside(host.kickOff(this.#match, gameId));
      aside(host.followPenalties(this.#match, gameId, kickOffAt, until));
      const facts = new Map(timedFacts(this.#match).map(({ fact }) => [`${this.#match.key}/${fact.id}`, fact]));
      const reader = replay(this.#match, { feed: FEED, gameId, clock: ports.clock, startAt: kickOffAt, speed });
      await this.#eventServer.read(reader, signal, (batch) => {
        for (const { itemId } of batch.items) aside(host.decide(gameId, facts.get(itemId)!));
      });
    } finally {
      over.abort();
      await Promise.all([done, ...alongside]);
    }
    if (signal.aborted) return;
    await host.close(gameId);
    const { betsPlaced } = crowd;
    const breaches = await this.#checkBooks(gameId, betsPlaced);
    onPlayed?.({ gameId, betsPlaced, breaches });
  }

  /** Every donut is where it belongs (RS12). */
  async #checkBooks(gameId: string, bets: number): Promise<number> {
    const { database, ports } = this.#options.platform;
    const breaches = await findBreaches(database);
    if (breaches.length === 0) ports.log.info({ gameId, bets }, 'the match is over and the books balance');
    else ports.log.fatal({ gameId, breaches }, 'the match is over and the books do not balance');
    return breaches.length;
  }

  get #currency(): string {
    return this.#options.services.deps.settings.currencies[0]!;
  }
}

function person(username: string): { username: string; email: string } {
  return { username, email: `${username}@demo.invalid` };
}

/** Good enough to type, and different in every demo: the server may be reachable from elsewhere. */
function madeUpPassword(platform: Platform): string {
  return platform.ports.random.bytes(5).toString('hex');
}

function principalOf(account: Account): AccountPrincipal {
  const { id: accountId, number, username } = account;
  // The grants of an operator, whatever the row said when it was made.
  const grants = new Set<Grant>(['superuser', ...account.grants]);
  return {
    kind: 'account',
    accountId,
    number,
    username,
    grants,
    sessionId: null,
    via: 'session_key',
    address: '127.0.0.1',
  };
}
