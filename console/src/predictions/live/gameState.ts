import type {
  AnyMessage,
  Backing,
  BalanceUpdate,
  ChatMessage,
  GameDetails,
  GameEvent,
  Message,
  Pool,
  PoolResult,
  ResolvedPool,
  SessionKey,
} from '@greenroom/client';
import { answerLabel } from './targets.ts';

/** A line beside the chat: somebody came or went. */
export interface PresenceLine {
  kind: 'joined' | 'left';
  name: string;
  key: string;
}

export interface ChatLine extends ChatMessage {
  kind: 'text';
  key: string;
}

export interface FeedEvent {
  kind: 'event';
  key: string;
  at: number;
  action_id: string;
  target_id: string;
}

export interface FeedResult {
  kind: 'result';
  key: string;
  at: number;
  action_id: string;
  description: string;
  /** Display name; `null` when the pool was called off. */
  answer: string | null;
}

/** What a game page knows of its game, built only from messages of the server. */
export interface GameState {
  game: GameDetails | null;
  /** Unresolved pools by id. */
  pools: ReadonlyMap<string, Pool>;
  /** Own money in unresolved pools. */
  backing: ReadonlyMap<string, Backing>;
  /** Decided pools with a bet of one's own, newest first. */
  decided: readonly ResolvedPool[];
  /** Newest first. */
  feed: readonly (FeedEvent | FeedResult)[];
  /** Oldest first. */
  chat: readonly (ChatLine | PresenceLine)[];
  /** Bets already counted into `backing`. */
  countedBets: ReadonlySet<string>;
}

export const EMPTY_GAME: GameState = {
  game: null,
  pools: new Map(),
  backing: new Map(),
  decided: [],
  feed: [],
  chat: [],
  countedBets: new Set(),
};

const FEED_LIMIT = 200;
const CHAT_LIMIT = 200;

function withEntry<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value): Map<string, Value> {
  return new Map(map).set(key, value);
}

function withoutEntry<Value>(map: ReadonlyMap<string, Value>, key: string): Map<string, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function byStart(a: Pool, b: Pool): number {
  return a.start_at - b.start_at || (a.pool_id < b.pool_id ? -1 : 1);
}

function poolMap(pools: readonly Pool[]): Map<string, Pool> {
  return new Map([...pools].sort(byStart).map((pool) => [pool.pool_id, pool]));
}

/** Events of the details plus the results already in the feed, newest first. */
function feedFrom(game: GameDetails, feed: GameState['feed']): GameState['feed'] {
  const events = game.past_events.map<FeedEvent>((event) => ({
    kind: 'event',
    key: event.event_id,
    at: event.happened_at,
    action_id: event.action_id,
    target_id: event.target_id,
  }));
  const results = feed.filter((item) => item.kind === 'result');
  return [...events, ...results].sort((a, b) => b.at - a.at).slice(0, FEED_LIMIT);
}

function withDetails(state: GameState, game: GameDetails): GameState {
  return { ...state, game, feed: feedFrom(game, state.feed) };
}

function withPool(state: GameState, poolId: string, change: (pool: Pool) => Partial<Pool>): GameState {
  const pool = state.pools.get(poolId);
  return pool ? { ...state, pools: withEntry(state.pools, poolId, { ...pool, ...change(pool) }) } : state;
}

function withDistribution(state: GameState, message: Message<361>): GameState {
  return withPool(state, message.pool_id, (pool) => {
    const total = message.amount_total ?? message.distribution.reduce((sum, entry) => sum + entry.backing_money, 0);
    const participants = message.participants ?? pool.participants;
    return {
      distribution: message.distribution,
      amount_total: total,
      money_at_stake: total,
      participants,
      people_involved: participants,
    };
  });
}

/** Own bet: an answer sent twice (BT6) counts once. */
function withBet(state: GameState, { bet_id, pool_id, target, amount }: Message<356>): GameState {
  if (state.countedBets.has(bet_id)) return state;
  const before = state.backing.get(pool_id) ?? {};
  const cents = Math.round((before[target] ?? 0) * 100) + Math.round(Number(amount) * 100);
  return {
    ...state,
    backing: withEntry(state.backing, pool_id, { ...before, [target]: cents / 100 }),
    countedBets: new Set(state.countedBets).add(bet_id),
  };
}

/** Display name of a pool's target. */
export function answerName(pool: Pool | undefined, targetId: string | null): string | null {
  if (targetId === null) return null;
  const entry = pool?.distribution.find((answer) => answer.target_id === targetId);
  return entry ? answerLabel(entry) : targetId;
}

/** A decided pool as 355 would show it, for somebody with money in it. */
function decidedPool(pool: Pool, backing: Backing, result: PoolResult, userId: string, gameName: string): ResolvedPool {
  return {
    ...pool,
    user_backed: backing,
    winning_target: result.winning_target,
    total_winnings: result.winners[userId] ?? 0,
    resolved_at: result.resolved_at,
    game_name: gameName,
    is_money_return: result.is_money_return,
  };
}

/** RS8: the same result may come twice; the second time the pool is gone already and nothing changes. */
function withResult(state: GameState, result: PoolResult, userId: string): GameState {
  const pool = state.pools.get(result.pool_id);
  if (pool === undefined) return state;
  const backing = state.backing.get(result.pool_id);
  const item: FeedResult = {
    kind: 'result',
    key: result.pool_id,
    at: result.resolved_at,
    action_id: pool.action_id,
    description: result.description,
    answer: answerName(pool, result.winning_target),
  };
  return {
    ...state,
    pools: withoutEntry(state.pools, result.pool_id),
    backing: withoutEntry(state.backing, result.pool_id),
    decided: backing
      ? [decidedPool(pool, backing, result, userId, state.game?.name ?? ''), ...state.decided]
      : state.decided,
    feed: [item, ...state.feed].slice(0, FEED_LIMIT),
  };
}

function withEvent(state: GameState, event: GameEvent): GameState {
  if (state.game === null || event.duplicate || state.feed.some((item) => item.key === event.event_id)) return state;
  const { event_id, action_id, target_id, happened_at } = event;
  const others = state.game.game_state.filter((row) => row.action_id !== action_id);
  const isCounted = Object.keys(event.current_count).length > 0;
  const row = { ...event.current_count, action_id };
  const game = {
    ...state.game,
    game_state: isCounted ? [row, ...others] : state.game.game_state,
    past_events: [{ event_id, action_id, target_id, happened_at }, ...state.game.past_events],
  };
  return withDetails(state, game);
}

function withRunning(state: GameState, { pools_list }: Message<354>): GameState {
  const pools = new Map(state.pools);
  const backing = new Map<string, Backing>();
  for (const { user_backed, ...pool } of pools_list) {
    pools.set(pool.pool_id, pool);
    backing.set(pool.pool_id, user_backed);
  }
  return { ...state, pools: poolMap([...pools.values()]), backing };
}

function withChat(state: GameState, line: ChatLine | PresenceLine): GameState {
  if (state.chat.some((known) => known.key === line.key)) return state;
  return { ...state, chat: [...state.chat, line].slice(-CHAT_LIMIT) };
}

function withClosed(state: GameState): GameState {
  const game = state.game && { ...state.game, status: 'game_closed' as const };
  return { ...state, game, pools: new Map(), backing: new Map() };
}

function withPresence(state: GameState, message: Message<470> | Message<480>): GameState {
  const kind = message.res === 470 ? 'joined' : 'left';
  const at = message.response_header.seq ?? message.response_header.t;
  return withChat(state, { kind, name: message.user_name, key: `${kind}-${message.user_id}-${at}` });
}

/** The state after one more message about this game; other messages leave it as it is. */
export function applyMessage(state: GameState, message: AnyMessage, userId: string): GameState {
  switch (message.res) {
    case 342:
      return withDetails(state, message);
    case 3535:
      return { ...state, pools: poolMap(message.pools_list) };
    case 354:
      return withRunning(state, message);
    case 355:
      return { ...state, decided: [...message.pools_list].sort((a, b) => b.resolved_at - a.resolved_at) };
    case 352:
      return { ...state, pools: poolMap([...state.pools.values(), message]) };
    case 356:
      return withBet(state, message);
    case 361:
      return withDistribution(state, message);
    case 362:
    case 363:
      return withResult(state, message, userId);
    case 366:
      return withEvent(state, message);
    case 367:
      return message.scheduled ? state : withPool(state, message.pool_id, () => ({ is_hot: message.is_hot ?? true }));
    case 368:
      return message.scheduled ? state : withPool(state, message.pool_id, () => ({ is_blocked: true }));
    case 369:
      return message.scheduled ? state : withPool(state, message.pool_id, () => ({ is_blocked: false }));
    case 341:
      return withClosed(state);
    case 470:
    case 480:
      return withPresence(state, message);
    case 901:
      return withChat(state, {
        kind: 'text',
        key: `${message.received_at}-${message.sender}-${message.text}`,
        text: message.text,
        sender: message.sender,
        received_at: message.received_at,
        channel: message.channel,
      });
    default:
      return state;
  }
}

/** State of a game as guests read it, by REST. */
export function fromSnapshot(game: GameDetails, pools: readonly Pool[]): GameState {
  return withDetails({ ...EMPTY_GAME, pools: poolMap(pools) }, game);
}

/** Balance after a message: 815 carries it whole, 800, 810 and 840 a part each. */
export function applyBalance(balance: Partial<BalanceUpdate>, message: AnyMessage): Partial<BalanceUpdate> {
  if (message.res === 800) return { ...balance, currency: message.currency, current_balance: message.current_balance };
  if (message.res === 810)
    return { ...balance, currency: message.currency, available_balance: message.available_balance };
  if (message.res !== 815) return balance;
  const { currency, current_balance, available_balance } = message;
  return { currency, current_balance, available_balance };
}

/** Roles after a message: opening a source makes its admin (335), 640 an admin of a game. */
export function applyRoles(roles: SessionKey['roles'], message: AnyMessage): SessionKey['roles'] {
  if (message.res === 335) return { ...roles, sources: [...roles.sources, message.source_id] };
  if (message.res === 640) return { ...roles, games: [...roles.games, message.game_id] };
  return roles;
}
