import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { Ports } from '../../../platform/ports.ts';
import { waitUntil } from '../feeds/feed.ts';
import { type Match, playerTarget, type TimedFact, teamTarget, timedFacts, vocabularyOf } from '../feeds/match.ts';
import { replayedAt } from '../feeds/replay.ts';
import type { AskedPool } from '../rules/pool.ts';
import type { PredictionsServices } from '../service/services.ts';

export interface HostOptions {
  services: Pick<PredictionsServices, 'games' | 'pools' | 'events' | 'closing'>;
  ports: Pick<Ports, 'clock' | 'log'>;
  host: AccountPrincipal;
  sourceId: string;
  currency: string;
  /** Minutes of play in a minute. */
  speed: number;
}

/** A question that only a person can decide, with the fact that decides it. */
interface OwnQuestion {
  description: string;
  answer: 'yes' | 'no';
  /** The first fact this holds for decides. */
  decidedBy(fact: TimedFact['fact']): boolean;
}

const HALF_TIME_MINUTE = 45;
const GOAL_WINDOW_MINUTES = 10;
/** Before a penalty everybody sees it coming. */
const HOT_MINUTES_BEFORE_PENALTY = 3;

const OWN_QUESTIONS: readonly OwnQuestion[] = [
  { description: 'Will penalties decide it?', answer: 'yes', decidedBy: (fact) => fact.action === 'Penalty shoot-out' },
  {
    description: 'Will Mbappé score?',
    answer: 'yes',
    decidedBy: (fact) => fact.action === 'Goal' && fact.player === 'Kylian Mbappé',
  },
];

/** The admin of the demo: opens a game and its pools, decides what no feed can, and closes it. */
export class Host {
  readonly #options: HostOptions;
  /** Undecided questions of the game at hand. */
  #asked: { question: OwnQuestion; poolId: string }[] = [];

  constructor(options: HostOptions) {
    this.#options = options;
  }

  async openGame(match: Match, liveStartAt: number): Promise<string> {
    const { services, host, sourceId, currency } = this.#options;
    const { body } = await services.games.createAndOpen(host, {
      ...{ sourceId, currency, name: match.name, type: match.type, ...vocabularyOf(match) },
      ...{ openAt: null, closeAt: null, liveStartAt, liveFinishAt: null, hashtag: null, imageUrl: null },
    });
    const gameId = String(body.game_id);
    await services.games.becomeAdmin(host, gameId);
    return gameId;
  }

  /** The usual questions before a match. */
  async openPools(match: Match, gameId: string, liveStartAt: number): Promise<void> {
    const teams = match.teams.map((team) => teamTarget(team.name));
    const forwards = match.teams.flatMap((team) =>
      team.players.filter((player) => player.position === 'FW').map((player) => playerTarget(team.name, player.name)),
    );
    const next = { type: 1 as const, recreateOnEnd: true };
    await this.#open(gameId, { ...next, description: 'Who scores the next goal?', action: 'Goal', targets: teams });
    await this.#open(gameId, { ...next, description: 'Which player scores next?', action: 'Goal', targets: forwards });
    await this.#open(gameId, {
      ...next,
      description: 'Who gets the next yellow card?',
      action: 'Yellow card',
      targets: teams,
    });
    await this.#open(gameId, {
      ...next,
      description: 'Who changes a player next?',
      action: 'Substitution',
      targets: teams,
    });
    await this.#open(gameId, { type: 1, description: 'Who wins the cup?', action: 'Match won', targets: teams });
    const halfTimeAt = replayedAt({ startAt: liveStartAt, speed: this.#options.speed }, HALF_TIME_MINUTE);
    const bothScore = { type: 4 as const, description: 'Do both teams score before half-time?', finishAt: halfTimeAt };
    await this.#open(gameId, bothScore);
    this.#asked = [];
    for (const question of OWN_QUESTIONS) {
      this.#asked.push({ question, poolId: await this.#open(gameId, { type: 3, description: question.description }) });
    }
  }

  /** What only makes sense once the ball rolls. */
  async kickOff(match: Match, gameId: string): Promise<void> {
    const windowMs = replayedAt({ startAt: 0, speed: this.#options.speed }, GOAL_WINDOW_MINUTES);
    await this.#open(gameId, {
      ...{
        type: 2,
        description: `A goal in the next ${GOAL_WINDOW_MINUTES} minutes?`,
        action: 'Goal',
        recreateOnEnd: true,
      },
      ...{
        targets: match.teams.map((team) => teamTarget(team.name)),
        finishAt: this.#options.ports.clock.now() + windowMs,
      },
    });
  }

  /** Decides the questions that a fact answers. */
  async decide(gameId: string, fact: TimedFact['fact']): Promise<void> {
    const decided = this.#asked.filter(({ question }) => question.decidedBy(fact));
    this.#asked = this.#asked.filter((asked) => !decided.includes(asked));
    for (const { question, poolId } of decided) {
      const resolution = { action: null, target: question.answer, happenedAt: null, description: '', eventId: null };
      await this.#options.services.events.registerEvent(this.#options.host, { gameId, poolId, ...resolution });
    }
  }

  /** Marks the goal pools as hot while somebody walks to the spot. */
  async followPenalties(match: Match, gameId: string, startAt: number, signal: AbortSignal): Promise<void> {
    const { services, ports, host, speed } = this.#options;
    for (const { fact, elapsedMinutes } of timedFacts(match).filter((one) => one.fact.isPenalty)) {
      await waitUntil(ports.clock, replayedAt({ startAt, speed }, elapsedMinutes - HOT_MINUTES_BEFORE_PENALTY), signal);
      if (signal.aborted) return;
      const asked = { action: fact.action, target: teamTarget(fact.team!), likelyAt: null };
      await services.pools.suggestHotForActionAndTarget(host, gameId, asked);
    }
  }

  /** Ends the game: what nobody has decided is given back (GM9). */
  async close(gameId: string): Promise<void> {
    await this.#options.services.closing.closeGame(this.#options.host, gameId, true);
  }

  async #open(gameId: string, asked: Pick<AskedPool, 'type' | 'description'> & Partial<AskedPool>): Promise<string> {
    const pool: AskedPool = {
      ...{ gameId, action: null, targets: [], finishAt: null, stopAcceptingBetsAt: null },
      ...{ recreateOnEnd: false, isBlocked: false, isHot: false },
      ...asked,
    };
    return (await this.#options.services.pools.create(this.#options.host, pool)).body.pool_id;
  }
}
