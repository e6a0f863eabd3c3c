import type { AnyMessage, OpcodeSocket, PoolResult } from '@greenroom/client';
import { answerName, applyMessage, EMPTY_GAME, type GameState } from './gameState.ts';

/** A pool with one's own money was decided; what to tell the player. */
export interface OwnResult {
  result: PoolResult;
  /** Display name of the winning answer, `null` when called off. */
  answer: string | null;
  /** Own money that was in the pool. */
  stake: number;
}

interface GameStoreListeners {
  onOwnResult: (own: OwnResult) => void;
  onMessage: (message: AnyMessage) => void;
  onFailure: (error: unknown) => void;
}

/** A lively game has dozens of messages a second: the page is drawn at most this often, the first time at once. */
const DRAW_EVERY_MS = 150;

function concerns(message: AnyMessage, gameId: string, state: GameState): boolean {
  if ('game_id' in message && message.game_id !== undefined) return message.game_id === gameId;
  if (message.res === 901) return message.channel === gameId;
  return 'pool_id' in message && state.pools.has(message.pool_id);
}

/** One game over the opcode websocket: joins it, reads its state, follows its messages, reads again after a gap. */
export class GameStore {
  readonly #socket: OpcodeSocket;
  readonly #gameId: string;
  readonly #userId: string;
  readonly #listeners: GameStoreListeners;
  readonly #watchers = new Set<() => void>();
  #state: GameState = EMPTY_GAME;
  #stops: (() => void)[] = [];
  #lastDrawnAt = 0;
  #drawTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: OpcodeSocket, gameId: string, userId: string, listeners: GameStoreListeners) {
    this.#socket = socket;
    this.#gameId = gameId;
    this.#userId = userId;
    this.#listeners = listeners;
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly getState = (): GameState => this.#state;

  start(): void {
    this.#stops = [
      this.#socket.on('message', (message) => this.#receive(message)),
      this.#socket.on('gap', ({ gameId }) => {
        if (gameId === this.#gameId) void this.read();
      }),
    ];
    // A closed game takes nobody in (GM12) but still answers reads: joining may fail on its own.
    this.#socket.join(this.#gameId).catch(() => undefined);
    void this.read();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    clearTimeout(this.#drawTimer);
    this.#drawTimer = undefined;
    this.#socket.leave(this.#gameId).catch(() => undefined); // leaving a game that is closed or not joined is fine
  }

  /** Reads the whole state; the answers pass through `#receive` in order with all other messages. */
  async read(): Promise<void> {
    const game = { game_id: this.#gameId };
    const reads = [
      this.#socket.request(372, game),
      this.#socket.request(387, game),
      this.#socket.request(389, game),
      this.#socket.request(390, game),
    ];
    for (const answer of await Promise.allSettled(reads)) {
      if (answer.status === 'rejected') return this.#listeners.onFailure(answer.reason);
    }
  }

  #receive(message: AnyMessage): void {
    if (!concerns(message, this.#gameId, this.#state)) return;
    this.#tellOwnResult(message);
    const next = applyMessage(this.#state, message, this.#userId);
    if (next !== this.#state) {
      this.#state = next;
      this.#drawSoon();
    }
    this.#listeners.onMessage(message);
  }

  #drawSoon(): void {
    const waitMs = this.#lastDrawnAt + DRAW_EVERY_MS - Date.now();
    if (waitMs <= 0) this.#draw();
    else this.#drawTimer ??= setTimeout(() => this.#draw(), waitMs);
  }

  #draw(): void {
    clearTimeout(this.#drawTimer);
    this.#drawTimer = undefined;
    this.#lastDrawnAt = Date.now();
    for (const watcher of [...this.#watchers]) watcher();
  }

  #tellOwnResult(message: AnyMessage): void {
    if (message.res !== 362 && message.res !== 363) return;
    const pool = this.#state.pools.get(message.pool_id);
    const backing = this.#state.backing.get(message.pool_id);
    if (pool === undefined || backing === undefined) return;
    const stake = Object.values(backing).reduce((sum, amount) => sum + amount, 0);
    this.#listeners.onOwnResult({ result: message, answer: answerName(pool, message.winning_target), stake });
  }
}
