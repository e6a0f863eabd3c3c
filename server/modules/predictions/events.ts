import type { ResultBody } from './rules/result.ts';

/**
 * Topics and events of the module. On a game's topic one event is one broadcast message, so that `response_header.seq` is the event's seq
 * without holes (WC11, PF-77). Data are facts; balances follow from them and are built by the wire (DESIGN M4).
 */

/** Everybody who joined the game. */
export const gameTopic = (gameId: string): string => `predictions/game/${gameId}`;
/** The audience of a source. */
export const sourceTopic = (sourceId: string): string => `predictions/source/${sourceId}`;
/** One account's own notices (640). */
export const playerTopic = (accountId: string): string => `predictions/player/${accountId}`;
/** What the Resolver works through: registered events and close requests of one game, merged with its timers (SC2). */
export const RESOLVER_TOPICS = 'predictions/events/';
export const resolverTopic = (gameId: string): string => `${RESOLVER_TOPICS}${gameId}`;
/** Says that lists or boards changed, for caches in every process. */
export const CHANGES_TOPIC = 'predictions/changes';

/** A step is one registered event, timer or close: its balances are told once, after its last settlement (BT9, EV8). */
export interface SettlementStep {
  id: string;
  /** Present on the last event of the step: every pool it settled. */
  settled?: string[];
}

/** Marks what an operation has caused, so that its caller hears of it even without having joined the game (WC3). */
export interface Caused {
  cause?: string;
}

export interface BetsPlaced extends Caused {
  body: Record<string, unknown>;
  /** Everybody whose bet is in the batch: the body shows only the newest 100 (BO2). */
  bettors: string[];
}

export interface PoolDecided extends Caused {
  body: ResultBody;
  step: SettlementStep;
}

/** Any other broadcast: the body of its message as sent. `settledStep` ends a step whose last pool could not be settled (RS13). */
export interface Broadcast extends Caused {
  body: Record<string, unknown>;
  step?: SettlementStep;
}

/** Event types of a game's topic and of a source's topic with the response code of their message (4.4). */
export const MESSAGE_OF_EVENT = {
  'game.event': 366,
  'pool.created': 352,
  'bets.placed': 361,
  'pool.resolved': 362,
  'pool.expired': 363,
  'pool.hot': 367,
  'pool.blocked': 368,
  'pool.allowed': 369,
  'action.blocked': 370,
  'action.allowed': 371,
  'game.closed': 341,
  'game.updated': 342,
  'player.joined': 470,
  'player.left': 480,
  'chat.message': 901,
  'game.created-and-opened': 340,
  'game.created': 3401,
  'game.opened': 3402,
  'admin.appointed': 640,
} as const satisfies Record<string, number>;

export type BroadcastType = keyof typeof MESSAGE_OF_EVENT;

/** Events of the Resolver's topic. */
export type ResolverEvent =
  | { type: 'event.registered'; data: { event_id: string; cause?: string } }
  | { type: 'close.requested'; data: { force: boolean; cause?: string; isUnopened?: boolean } };
