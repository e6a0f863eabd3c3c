import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { SeededRandom } from '../../../platform/testing/random.ts';
import type { PoolType } from '../rules/types.ts';
import type { SimulatedProcess } from './installation.ts';
import type { Journal } from './journal.ts';

/** A match as its admin knows it. */
export interface SimulatedGame {
  gameId: string;
  sourceId: string;
  admin: AccountPrincipal;
  isClosing: boolean;
}

/** A pool as the players see it. */
export interface SeenPool {
  poolId: string;
  gameId: string;
  type: PoolType;
  actionId: string;
  targetIds: string[];
  /** Of an unresolved pool. */
  finishAt: number | null;
}

/** What the people of a simulation know: drawn from by every move. */
export interface Scene {
  random: SeededRandom;
  now(): number;
  players: readonly AccountPrincipal[];
  /** Those that are being closed, or are closed, first; the newest last. */
  games: readonly SimulatedGame[];
  /** Pools of the games: some resolved ones, then the unresolved ones, oldest first. */
  pools: readonly SeenPool[];
  journal: Journal;
}

/** One request of one person, drawn once, so that it can be sent again as it was. */
export interface Move {
  name: string;
  send(process: SimulatedProcess): Promise<unknown>;
  /** It waits for the Resolver: the clock must go on meanwhile. */
  waits?: boolean;
  /** Sent again after an unknown outcome. */
  isRepeatable?: boolean;
  /** The answer has come. */
  answered?(value: unknown): void;
  /** A rule has refused it. */
  refused?(): void;
  /** Whatever came of it, after the others. */
  ended?(): void;
}

const LEAVES = ['Chile:11', 'chile:7', 'Peru:4', 'Brazil', 'none'];
const LEVELS = [
  ['chile', 'peru', 'brazil'],
  ['chile:11', 'chile:7', 'peru:4'],
] as const;
const ACTIONS = ['goal', 'yellow-card', 'corner-kick'];
const AMOUNTS = ['0.01', '0.03', '1', '2.50', '3.33', '7', '10', '41.07'];
const BAD_AMOUNTS = [0, -1, '1.005', 'abc', null, '1e3', 10_000_000];
/** Names of events are few, so that repeats happen by themselves. */
const EVENT_NAMES = 40;
/** How many of the newest are mostly meant. */
const RECENT_GAMES = 3;
const RECENT_POOLS = 12;

type Draw = (scene: Scene) => Move | undefined;

/** Every kind of move with its weight. */
const MOVES: readonly (readonly [number, Draw])[] = [
  [110, drawBet],
  [6, drawBadBet],
  [10, drawPool],
  [9, drawEvent],
  [4, drawResolution],
  [5, drawSwitch],
  [3, drawActionSwitch],
  [3, drawHot],
  [2, drawClose],
  [1, drawSourceClose],
  [2, drawChat],
  [2, drawAttendance],
  [1, drawUpdate],
  [1, drawOpening],
];

const DRAWS = MOVES.flatMap(([weight, draw]) => Array.from({ length: weight }, () => draw));

/** Draws what somebody does next. */
export function drawMove(scene: Scene): Move {
  for (;;) {
    const move = scene.random.pick(DRAWS)(scene);
    if (move) return move;
  }
}

function recent<T>(random: SeededRandom, items: readonly T[], most = RECENT_GAMES): T | undefined {
  if (items.length === 0) return undefined;
  // Mostly the newest ones: old pools are resolved, and bets on them only refused.
  const span = random.below(10) === 0 ? items.length : Math.min(items.length, most);
  return items[items.length - 1 - random.below(span)];
}

function drawBet(scene: Scene): Move | undefined {
  const { random, journal } = scene;
  const pool = recent(random, scene.pools, RECENT_POOLS);
  if (!pool) return undefined;
  const again = random.below(12) === 0 ? journal.someBet(random) : undefined;
  const bet =
    again ??
    journal.newBet({
      userId: random.pick(scene.players).accountId,
      poolId: pool.poolId,
      target: random.pick(pool.targetIds),
      amount: random.pick(AMOUNTS),
      clientRef: `ref-${random.uuid()}`,
    });
  return {
    name: again ? 'bet again' : 'bet',
    isRepeatable: true,
    send: (process) => {
      journal.betSent(bet);
      return process.services.bets.place({ ...bet, kind: 'live' });
    },
    ended: () => journal.betEnded(bet),
    answered: (value) => journal.betAnswered(bet, value as { bet: { betId: string } }),
    refused: () => journal.betRefused(bet),
  };
}

function drawBadBet({ random, players, pools }: Scene): Move | undefined {
  const pool = recent(random, pools, RECENT_POOLS);
  if (!pool) return undefined;
  const isBadTarget = random.below(3) === 0;
  const bet = {
    userId: random.pick(players).accountId,
    poolId: random.below(5) === 0 ? random.uuid() : pool.poolId,
    target: isBadTarget ? random.pick(['nobody', 'a::b', '']) : random.pick(pool.targetIds),
    amount: isBadTarget ? 1 : random.pick(BAD_AMOUNTS),
    clientRef: null,
    kind: 'live' as const,
  };
  return {
    name: 'bad bet',
    send: (process) => process.services.bets.place(bet),
    answered: () => {
      throw new Error(`a bet was accepted that is none: ${JSON.stringify(bet)}`);
    },
  };
}

function drawPool(scene: Scene): Move | undefined {
  const { random } = scene;
  const game = recent(random, scene.games);
  if (!game) return undefined;
  const type = (1 + random.below(4)) as PoolType;
  const durationMs = 1_000 + random.below(90_000);
  const finishAt = scene.now() + durationMs;
  const level = random.pick(LEVELS);
  const asked = {
    gameId: game.gameId,
    description: `Question ${random.below(1_000)}`,
    type,
    action: type > 2 ? null : random.pick(ACTIONS),
    targets: type > 2 ? [] : level.slice(0, 1 + random.below(level.length)),
    finishAt: type % 2 === 0 ? finishAt : null,
    stopAcceptingBetsAt: random.below(3) === 0 ? scene.now() + 1 + random.below(durationMs) : null,
    recreateOnEnd: random.below(3) === 0,
    isBlocked: random.below(12) === 0,
    isHot: random.below(12) === 0,
  };
  return { name: 'pool', send: (process) => process.services.pools.create(game.admin, asked) };
}

function drawEvent(scene: Scene): Move | undefined {
  const { random, journal } = scene;
  const game = recent(random, scene.games);
  if (!game) return undefined;
  const drawn = random.below(10);
  const happenedAt =
    drawn < 4 ? null : drawn < 8 ? scene.now() - random.below(20_000) : scene.now() + random.below(6_000);
  const event = {
    gameId: game.gameId,
    action: random.pick(random.below(20) === 0 ? ['hand-ball'] : ACTIONS),
    target: random.pick(random.below(20) === 0 ? ['chile', 'nobody'] : LEAVES),
    happenedAt,
    description: '',
    eventId: random.below(3) === 0 ? null : `event-${random.below(EVENT_NAMES)}`,
    poolId: null,
  };
  if (random.below(4) === 0) return feedItem(event, scene);
  return {
    name: 'event',
    // Without a name or a time of its own a repeat is a second event (EV12).
    isRepeatable: event.eventId !== null || event.happenedAt !== null,
    send: (process) => process.services.events.registerEvent(game.admin, event),
    answered: (value) => journal.eventAnswered(event.gameId, (value as { body: { event_id: string } }).body.event_id),
  };
}

/** An event that decides a pool, registered just when it is about to expire. */
export function drawEventAtTheBell({ random, games, journal }: Scene, pool: SeenPool): Move | undefined {
  const admin = games.find((game) => game.gameId === pool.gameId)?.admin;
  if (!admin) return undefined;
  const isBinaryPool = pool.type > 2;
  const event = {
    gameId: pool.gameId,
    action: pool.actionId,
    target: isBinaryPool ? 'yes' : (LEAVES.find((leaf) => leaf.toLowerCase().startsWith(pool.targetIds[0]!)) ?? 'none'),
    happenedAt: pool.finishAt! - random.below(20),
    description: '',
    eventId: `bell-${random.uuid()}`,
    poolId: null,
  };
  return {
    name: 'event at the bell',
    isRepeatable: true,
    send: (process) => process.services.events.registerEvent(admin, event),
    answered: () => journal.eventAnswered(event.gameId, event.eventId),
  };
}

type Fact = { gameId: string; action: string; target: string; happenedAt: number | null; description: string };

function feedItem(event: Fact, { random, journal }: Scene): Move {
  const { gameId, ...fact } = event;
  const item = { ...fact, itemId: `item-${random.below(EVENT_NAMES)}` };
  const system = { kind: 'system', name: 'feed' } as const;
  return {
    name: 'feed item',
    isRepeatable: true,
    send: (process) => process.services.events.registerFeedItem(system, { feed: 'league', gameId, item }),
    answered: (value) => {
      const outcome = value as { kind: string; body?: { event_id: string } };
      if (outcome.body) journal.eventAnswered(gameId, outcome.body.event_id);
    },
  };
}

function drawResolution(scene: Scene): Move | undefined {
  const { random, journal } = scene;
  const pool = recent(
    random,
    scene.pools.filter((other) => other.type > 2),
  );
  const game = pool && scene.games.find((other) => other.gameId === pool.gameId);
  if (!game) return undefined;
  const event = {
    gameId: game.gameId,
    action: random.below(2) === 0 ? pool.actionId : null,
    target: random.pick(['yes', 'no', 'none']),
    happenedAt: random.below(3) === 0 ? scene.now() - random.below(5_000) : null,
    description: '',
    eventId: `resolution-${random.uuid()}`,
    poolId: null as string | null,
  };
  if (event.action === null) event.poolId = pool.poolId;
  return {
    name: 'resolution',
    isRepeatable: true,
    send: (process) => process.services.events.registerEvent(game.admin, event),
    answered: () => journal.eventAnswered(event.gameId, event.eventId),
  };
}

function soon({ random, now }: Scene): number | null {
  return random.below(2) === 0 ? null : now() + random.below(20_000) - 2_000;
}

function adminOf(scene: Scene, pool: SeenPool | undefined): AccountPrincipal | undefined {
  return scene.games.find((game) => game.gameId === pool?.gameId)?.admin;
}

function drawSwitch(scene: Scene): Move | undefined {
  const pool = recent(scene.random, scene.pools, RECENT_POOLS);
  const admin = adminOf(scene, pool);
  if (!pool || !admin) return undefined;
  const [kind, at] = [scene.random.pick(['block', 'allow'] as const), soon(scene)];
  return { name: kind, isRepeatable: true, send: (process) => process.services.pools[kind](admin, pool.poolId, at) };
}

function drawActionSwitch(scene: Scene): Move | undefined {
  const { random } = scene;
  const game = recent(random, scene.games);
  if (!game) return undefined;
  const kind = random.pick(['blockAction', 'allowAction'] as const);
  const [action, at] = [random.pick(ACTIONS), soon(scene)];
  return { name: kind, send: (process) => process.services.pools[kind](game.admin, game.gameId, action, at) };
}

function drawHot(scene: Scene): Move | undefined {
  const { random } = scene;
  const pool = recent(random, scene.pools, RECENT_POOLS);
  const admin = adminOf(scene, pool);
  if (!pool || !admin) return undefined;
  const likelyAt = soon(scene);
  if (random.below(2) === 0) {
    const asked = { action: random.pick(ACTIONS), target: random.pick(LEAVES), likelyAt };
    const send = (process: SimulatedProcess) =>
      process.services.pools.suggestHotForActionAndTarget(admin, pool.gameId, asked);
    return { name: 'hot action', send };
  }
  const asked = { likelyAt, hot: random.below(4) > 0 };
  return { name: 'hot', send: (process) => process.services.pools.suggestHot(admin, pool.poolId, asked) };
}

function drawClose({ random, games, journal }: Scene): Move | undefined {
  const game = recent(random, games.slice(0, -1), 2);
  if (!game) return undefined;
  const isForced = random.below(2) === 0;
  game.isClosing = true;
  return {
    name: isForced ? 'forced close' : 'close',
    waits: true,
    isRepeatable: true,
    send: (process) => process.services.closing.closeGame(game.admin, game.gameId, isForced),
    answered: () => journal.closed.add(game.gameId),
  };
}

function drawSourceClose({ random, games, journal }: Scene): Move | undefined {
  const game = games.at(0);
  if (!game || games.length < 4 || random.below(4) > 0) return undefined;
  return {
    name: 'source close',
    waits: true,
    isRepeatable: true,
    send: (process) => process.services.closing.closeSource(game.admin, game.sourceId, true),
    answered: () => journal.closedSources.add(game.sourceId),
  };
}

function drawChat({ random, players, games }: Scene): Move | undefined {
  const game = recent(random, games);
  if (!game) return undefined;
  const player = random.pick(players);
  return { name: 'chat', send: (process) => process.chat.send(player, [game.gameId], 'Vamos!') };
}

/** Comes, joins and leaves or drops: the drop's timer is one of the general ones. */
function drawAttendance({ random, players, games }: Scene): Move | undefined {
  const game = recent(random, games);
  if (!game) return undefined;
  const player = random.pick(players);
  const [connectionId, nonce, isLeaving] = [random.uuid(), random.uuid(), random.below(2) === 0];
  return {
    name: 'attendance',
    send: async ({ attendance }) => {
      await attendance.enter(connectionId, player.accountId, nonce);
      await attendance.join(player, connectionId, game.gameId);
      if (isLeaving) await attendance.leave(player, connectionId, game.gameId);
      else await attendance.drop(connectionId, player.accountId);
    },
  };
}

function drawUpdate({ random, games }: Scene): Move | undefined {
  const game = recent(random, games);
  if (!game) return undefined;
  const changes = { actions: ACTIONS, targets: [`Peru:${random.below(9)}`] };
  return { name: 'update', send: (process) => process.services.games.update(game.admin, game.gameId, changes) };
}

/** A game that is created only is opened; for others it is refused. */
function drawOpening({ random, games }: Scene): Move | undefined {
  const game = recent(random, games);
  if (!game) return undefined;
  const added = { actions: [], targets: ['Chile:12'] };
  return { name: 'opening', send: (process) => process.services.games.open(game.admin, game.gameId, added) };
}
