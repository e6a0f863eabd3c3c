import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { DomainError } from '../../../platform/errors.ts';
import { LEASE_MS } from '../../../platform/jobs/leases.ts';
import { SeededRandom } from '../../../platform/testing/random.ts';
import { RuleError } from '../rules/errors.ts';
import type { PoolType, TargetEntry } from '../rules/types.ts';
import { findBreaches } from '../service/invariants.ts';
import { RESOLVER_CONSUMER } from '../service/progress.ts';
import { askedGame } from '../service/testing.ts';
import { Installation, type SimulatedProcess } from './installation.ts';
import { Journal } from './journal.ts';
import { drawEventAtTheBell, drawMove, type Move, type Scene, type SeenPool, type SimulatedGame } from './moves.ts';
import { createPlayers } from './players.ts';

const PLAYERS = 12;
const PROCESSES = 2;
const GAMES_AT_ONCE = 3;
const FAULTS = { lostBefore: 0.02, away: 0.01, lostAfter: 0.02, delay: 0.05 };
/** Without faults and crashes, a request is answered by then. */
const MOST_SENDINGS = 60;

type Outcome = { kind: 'answered'; value: unknown } | { kind: 'refused' } | { kind: 'unknown' };

/** A schedule of people, clocks, crashes and duplicate deliveries, all drawn from a seed, against real services on a real database (DESIGN 5). */
export class Simulation {
  readonly installation: Installation;
  readonly journal = new Journal();
  /** What was done, newest last, for the report of a failure. */
  readonly trace: string[] = [];
  readonly #random: SeededRandom;
  readonly #games: SimulatedGame[] = [];
  #players: AccountPrincipal[] = [];
  #pools: SeenPool[] = [];
  #crashes = 0;

  private constructor(installation: Installation, random: SeededRandom) {
    this.installation = installation;
    this.#random = random;
  }

  static async open(seed: string): Promise<Simulation> {
    const random = new SeededRandom(seed);
    const installation = await Installation.open(seed, { expiryGraceMs: random.pick([0, 0, 2_000]) });
    const simulation = new Simulation(installation, random);
    for (let i = 0; i < PROCESSES; i++) installation.boot();
    simulation.#players = await createPlayers(installation.processes[0]!, PLAYERS);
    return simulation;
  }

  get crashes(): number {
    return this.#crashes;
  }

  /** One instant: some requests at once, and sometimes a disaster in the middle of them. @throws Error for a breach of an invariant */
  async step(): Promise<void> {
    this.installation.setFaults(FAULTS);
    this.installation.clock.advance(this.#random.below(this.#random.below(20) === 0 ? 60_000 : 800));
    await this.#tendGames();
    await this.#look();
    const moves: Move[] = Array.from({ length: this.#random.below(4) === 0 ? 1 : 2 + this.#random.below(30) }, () =>
      drawMove(this.#scene()),
    );
    this.#note(`at ${this.installation.clock.now()}: ${moves.map((move) => move.name).join(', ')}`);
    const disaster = this.#random.below(6) === 0 ? this.#ringBell(moves) : this.#drawDisaster();
    await Promise.all([...moves.map((move) => this.#perform(move)), disaster?.()]);
    if (this.#random.below(3) > 0) await this.installation.settle();
    await this.#check();
  }

  /** Lets everything come to its end: no faults, all that is due done, and time for back-offs and leases of the dead. */
  async calm(): Promise<void> {
    this.installation.setFaults({ lostBefore: 0, away: 0, lostAfter: 0, delay: 0 });
    for (let round = 0; round < 8; round++) {
      this.installation.clock.advance(LEASE_MS + 1);
      await this.installation.settle();
    }
    await this.#check();
  }

  /** Closes everything. */
  async closeAll(): Promise<void> {
    for (const game of this.#games) {
      const send = (process: SimulatedProcess) => process.services.closing.closeGame(game.admin, game.gameId, true);
      const answered = () => this.journal.closed.add(game.gameId);
      await this.#perform({ name: 'last close', waits: true, isRepeatable: true, send, answered });
    }
  }

  async countPools(): Promise<number> {
    const { rows } = await this.installation.store.pool.query<{ n: bigint }>(
      'select count(*) as n from predictions_pools',
    );
    return Number(rows[0]!.n);
  }

  close(): Promise<void> {
    return this.installation.close();
  }

  #scene(): Scene {
    const { clock } = this.installation;
    return {
      random: this.#random,
      now: () => clock.now(),
      players: this.#players,
      games: this.#games.toSorted((a, b) => Number(b.isClosing) - Number(a.isClosing)),
      pools: this.#pools,
      journal: this.journal,
    };
  }

  /** Opens a new match when too few are being played. */
  async #tendGames(): Promise<void> {
    if (this.#games.filter((game) => !game.isClosing).length >= GAMES_AT_ONCE) return;
    const random = this.#random;
    const admin = random.pick(this.#players);
    let sourceId = random.uuid();
    const isOpened = random.below(6) > 0;
    const closeAt = random.below(5) === 0 ? this.installation.clock.now() + 30_000 + random.below(200_000) : null;
    await this.#perform({
      name: 'source',
      send: (process) => process.services.sources.open(admin, { name: 'League', description: null }),
      answered: (value) => {
        sourceId = (value as { body: { source_id: string } }).body.source_id;
      },
    });
    const existing = this.#games.find(
      (game) => !this.journal.closedSources.has(game.sourceId) && random.below(3) === 0,
    );
    const owner = existing ?? { admin, sourceId };
    await this.#perform({
      name: 'game',
      send: ({ services }) => {
        const asked = askedGame({
          sourceId: owner.sourceId,
          closeAt,
          actions: ['Goal', 'Yellow Card', 'Corner Kick'],
          targets: ['Chile:11', 'Chile:7', 'Peru:4', 'Brazil'],
        });
        return isOpened ? services.games.createAndOpen(owner.admin, asked) : services.games.create(owner.admin, asked);
      },
      answered: (value) => {
        const gameId = (value as { body: { game_id: string } }).body.game_id;
        this.#games.push({ gameId, sourceId: owner.sourceId, admin: owner.admin, isClosing: false });
      },
    });
    const game = this.#games.at(-1);
    if (game)
      await this.#perform({
        name: 'admin',
        isRepeatable: true,
        send: ({ services }) => services.games.becomeAdmin(game.admin, game.gameId),
      });
  }

  /** What everybody sees of the pools. */
  async #look(): Promise<void> {
    type Row = {
      id: string;
      game_id: string;
      type: PoolType;
      action_id: string;
      targets: TargetEntry[];
      finish_at: bigint | null;
    };
    const { rows } = await this.installation.store.pool.query<Row>(
      `(select id, game_id, type, action_id, targets, null as finish_at from predictions_pools where state <> 'open' order by log_seq desc limit 15)
       union all
       (select id, game_id, type, action_id, targets, finish_at from predictions_pools where state = 'open' order by log_seq)`,
    );
    this.#pools = rows.map((row) => ({
      poolId: row.id,
      gameId: row.game_id,
      type: row.type,
      actionId: row.action_id,
      targetIds: row.targets.map((target) => target.targetId),
      finishAt: row.finish_at === null ? null : Number(row.finish_at),
    }));
  }

  /** Sends a request until its outcome is known, if it may be sent again. */
  async #perform(move: Move): Promise<void> {
    // Of its own: how often it is sent depends on the race, what is drawn next must not.
    const random = new SeededRandom(this.#random.uuid());
    for (let sendings = 1; ; sendings++) {
      const process = random.pick(this.installation.processes);
      const outcome = await this.#send(move, process);
      if (outcome.kind === 'answered') move.answered?.(outcome.value);
      if (outcome.kind === 'refused') move.refused?.();
      move.ended?.();
      if (outcome.kind !== 'unknown' || !move.isRepeatable) return;
      if (sendings > MOST_SENDINGS) throw new Error(`${move.name} was never answered`);
    }
  }

  async #send(move: Move, process: SimulatedProcess): Promise<Outcome> {
    const answer = Promise.race([move.send(process), process.died]);
    if (move.waits) await this.#outlast(answer, process);
    try {
      const value = await answer;
      return process.isDead ? { kind: 'unknown' } : { kind: 'answered', value };
    } catch (error) {
      if (process.isDead) return { kind: 'unknown' };
      if (error instanceof RuleError) return { kind: 'refused' };
      if (error instanceof DomainError) return { kind: 'unknown' };
      throw new Error(`${move.name} failed`, { cause: error });
    }
  }

  /** The clock goes on while somebody waits for the Resolver. */
  async #outlast(answer: Promise<unknown>, process: SimulatedProcess): Promise<void> {
    let isOver = false;
    void answer.catch(() => undefined).finally(() => (isOver = true));
    while (!isOver && !process.isDead) {
      await this.installation.settle();
      this.installation.clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** An event meets the expiry of the pool that it decides: which of them comes first is for SC2 and SC3 to say. */
  #ringBell(moves: Move[]): (() => Promise<unknown>) | undefined {
    const { clock, settings } = this.installation;
    const pools = this.#pools.filter((pool) => pool.finishAt !== null && pool.finishAt > clock.now());
    if (pools.length === 0) return undefined;
    const pool = this.#random.pick(pools);
    const move = drawEventAtTheBell(this.#scene(), pool);
    if (!move) return undefined;
    moves.push(move);
    const ticks = this.#random.below(12);
    clock.set(pool.finishAt! + settings.expiryGraceMs! - this.#random.below(2));
    return () =>
      this.#afterTicks(ticks, 'the bell rings', async () => {
        for (let i = 0; i < 3; i++) {
          clock.advance(1);
          await this.#ticks(ticks);
        }
      });
  }

  #drawDisaster(): (() => Promise<unknown>) | undefined {
    const random = this.#random;
    const { installation } = this;
    const victim = random.pick(installation.processes);
    const ticks = random.below(40);
    switch (random.below(40)) {
      case 0:
        return () => this.#afterTicks(ticks, 'crash', () => this.#crash([victim]));
      case 1:
        return () => this.#afterTicks(ticks, 'crash of all', () => this.#crash([...installation.processes]));
      case 2:
        return () => this.#afterTicks(ticks, 'torn connection', () => installation.tearConnection(victim));
      case 3:
        // Leases run out under those who work: another process takes over.
        return () =>
          this.#afterTicks(ticks, 'leases run out', async () => {
            installation.clock.advance(LEASE_MS + 1);
            await installation.settle();
          });
      case 4:
        return () =>
          this.#afterTicks(ticks, 'delivered again', () => this.#rewind(ticks % GAMES_AT_ONCE, 1 + (ticks % 4)));
      case 5:
        return () => this.#afterTicks(ticks, 'one more process', async () => void installation.boot());
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
      case 11: {
        // Timers come due between the decision and the commit of what is under way.
        const spans = Array.from({ length: 4 }, () => random.below(8_000));
        return () =>
          this.#afterTicks(ticks, 'time passes', async () => {
            for (const span of spans) {
              installation.clock.advance(span);
              await this.#ticks(ticks);
            }
          });
      }
      default:
        return undefined;
    }
  }

  async #afterTicks(ticks: number, name: string, happen: () => Promise<unknown>): Promise<void> {
    await this.#ticks(ticks);
    this.#note(`  ${name} after ${ticks} ticks`);
    await happen();
  }

  async #ticks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async #crash(victims: readonly SimulatedProcess[]): Promise<void> {
    // New ones are there first, so that nobody finds no server at all.
    const survivors = this.installation.processes.length - victims.length;
    for (let i = survivors; i < PROCESSES; i++) this.installation.boot();
    for (const victim of victims) await this.installation.crash(victim);
    this.#crashes += victims.length;
  }

  /** Puts the Resolver back by a few events of a game, as if their deliveries came again. */
  async #rewind(nth: number, events: number): Promise<void> {
    await this.installation.store.pool.query(
      'update consumer_positions set seq = greatest(seq - $2, 0) where consumer = $1 and topic = (select topic from consumer_positions where consumer = $1 order by topic limit 1 offset $3)',
      [RESOLVER_CONSUMER, events, nth],
    );
  }

  async #check(): Promise<void> {
    const breaches = await findBreaches(this.installation.processes[0]!.services.database);
    if (breaches.length > 0) throw new Error(`broken: ${breaches.join('; ')}`);
    if (this.installation.complaints.length > 0)
      throw new Error(`a server complains: ${this.installation.complaints.join('\n')}`);
  }

  #note(line: string): void {
    this.trace.push(line);
  }
}
