import type { AnyMessage } from './messages.ts';

/** Missing numbers remembered per game; beyond that the gap counts as not closing any more. */
const MISSING_LIMIT = 256;

interface Position {
  head: number;
  missing: Set<number>;
}

/**
 * Follows `response_header.seq` per game (WC11). The direct answer of an operation comes before the broadcast messages the
 * operation made (WC3), so a number may be overtaken; it is missing only when it has not come a moment later.
 */
export class Sequences {
  readonly #positions = new Map<string, Position>();
  readonly #gameOfPool = new Map<string, string>();

  /**
   * Starts to follow a game at `seq`, or goes on after a reconnect.
   * @returns whether something was missed since the last known position, or might have been
   */
  join(gameId: string, seq: number | undefined): boolean {
    const known = this.#positions.get(gameId);
    this.#positions.set(gameId, { head: seq ?? known?.head ?? 0, missing: new Set() });
    return known !== undefined && (seq !== known.head || known.missing.size > 0);
  }

  leave(gameId: string): void {
    this.#positions.delete(gameId);
    for (const [poolId, owner] of this.#gameOfPool) {
      if (owner === gameId) this.#gameOfPool.delete(poolId);
    }
  }

  /** Takes note of a message. @returns the game in which numbers are now missing, if this message showed that first */
  note(message: AnyMessage): string | undefined {
    const gameId = this.gameOf(message);
    if (gameId !== undefined && 'pool_id' in message) this.#gameOfPool.set(message.pool_id, gameId);
    if ('pools_list' in message) {
      for (const pool of message.pools_list) this.#gameOfPool.set(pool.pool_id, pool.game_id);
    }
    const { seq } = message.response_header;
    const position = gameId === undefined ? undefined : this.#positions.get(gameId);
    if (gameId === undefined || position === undefined || seq === undefined) return undefined;
    return this.#advance(position, seq) ? gameId : undefined;
  }

  /** Whether numbers of this game are still missing; forgets them, since the caller now re-reads the state. */
  takeMissing(gameId: string): boolean {
    const position = this.#positions.get(gameId);
    if (position === undefined || position.missing.size === 0) return false;
    position.missing.clear();
    return true;
  }

  /** The game a message belongs to; 367-369 carry only a pool id. */
  gameOf(message: AnyMessage): string | undefined {
    if ('game_id' in message && typeof message.game_id === 'string') return message.game_id;
    if (message.res === 901) return message.channel;
    if ('pool_id' in message) return this.#gameOfPool.get(message.pool_id) ?? this.#onlyGame();
    return undefined;
  }

  #onlyGame(): string | undefined {
    return this.#positions.size === 1 ? this.#positions.keys().next().value : undefined;
  }

  #advance(position: Position, seq: number): boolean {
    if (seq <= position.head) {
      position.missing.delete(seq);
      return false;
    }
    const wasWhole = position.missing.size === 0;
    for (let number = position.head + 1; number < seq && position.missing.size < MISSING_LIMIT; number++) {
      position.missing.add(number);
    }
    position.head = seq;
    return wasWhole && position.missing.size > 0;
  }
}
