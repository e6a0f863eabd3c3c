import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { Frame, Outlet, Subscriber, WireSocket } from '../../../platform/realtime/types.ts';
import type { Room } from './rooms.ts';

/** Longest wait for a broadcast that is also the answer of an operation; it comes with the commit, so this is never reached in practice. */
const ARRIVAL_LIMIT_MS = 5_000;

/**
 * One opcode connection. While an operation runs, broadcasts are held back, so that its direct answer comes first and everything else after it
 * in order (WC2, WC3).
 */
export class OpcodeConnection implements Subscriber {
  readonly socket: WireSocket;
  readonly principal: AccountPrincipal;
  readonly nonce: string;
  readonly outlet: Outlet;
  /** Games joined (op 363), with their rooms. */
  readonly rooms = new Map<string, Room>();
  /** Other topics it hears: sources of its audience, its own notices. */
  readonly audiences = new Map<string, Room>();
  /** Balances told last by currency, so that an unchanged one is not told again (BT9). */
  readonly told = new Map<string, string>();
  /** Id of the logon, once logged on (WS8); not the login key. */
  logonId: string | null = null;
  badFrames = 0;
  /** Opened with the admin key (AU5). */
  hasAdminKey = false;
  #held: Frame[] | null = null;
  #awaited: { isThere: () => boolean; resolve: () => void } | undefined;

  constructor(socket: WireSocket, principal: AccountPrincipal, nonce: string) {
    this.socket = socket;
    this.principal = principal;
    this.nonce = nonce;
    this.outlet = {
      send: (frame) => this.send(frame),
      sendNewest: (_key, frame) => this.send(frame),
      sendUncounted: (frame) => this.send(frame),
      get pendingBytes() {
        return socket.outlet.pendingBytes;
      },
      drained: () => socket.outlet.drained(),
    };
  }

  get id(): string {
    return this.socket.id;
  }

  get accountId(): string {
    return this.principal.accountId;
  }

  /** Sends a broadcast, after the answer that is under way. */
  send(frame: Frame): void {
    if (this.#held) this.#held.push(frame);
    else this.socket.outlet.send(frame);
    if (this.#awaited?.isThere()) this.#arrived();
  }

  /** Sends a direct answer at once. */
  answer(frame: Frame): void {
    this.socket.outlet.send(frame);
  }

  /** Begins an operation: broadcasts wait. */
  hold(): void {
    this.#held ??= [];
  }

  /** Ends it: what waited goes out in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) this.socket.outlet.send(frame);
  }

  /** Puts another frame in the place of one that waits; false when it does not wait here. */
  replaceHeld(frame: Frame | undefined, by: Frame): boolean {
    const at = frame === undefined ? -1 : (this.#held?.indexOf(frame) ?? -1);
    if (at >= 0) this.#held![at] = by;
    return at >= 0;
  }

  /** Takes back a frame that waits. */
  dropHeld(frame: Frame | undefined): void {
    if (frame !== undefined) this.#held = this.#held?.filter((held) => held !== frame) ?? null;
  }

  /** Resolves when the room has come so far that `isThere`, and has handed over what it has (or cannot any more). */
  async arrival(isThere: () => boolean): Promise<void> {
    if (!isThere() && this.socket.isOpen) await this.#waitUntil(isThere);
    // A frame that was waited for is handed over a moment after it was made.
    await new Promise(setImmediate);
  }

  async #waitUntil(isThere: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => this.#arrived(), ARRIVAL_LIMIT_MS).unref();
      this.#awaited = {
        isThere,
        resolve: () => {
          clearTimeout(limit);
          resolve();
        },
      };
    });
  }

  #arrived(): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.resolve();
  }
}
