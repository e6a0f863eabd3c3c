import type { AccessEnded, Principal } from '../accounts/types.ts';
import { limitAddress } from '../http/address.ts';

/** A live connection of any wire, as limits and the end of access see it. */
export interface Connected {
  readonly address: string;
  readonly wire: string;
  readonly principal: Principal;
  /** Takes over a principal; only `Connections` calls it. */
  assign(principal: Principal): void;
  /** Access behind the connection ended (PF-72). */
  endAccess(): void;
}

export interface ConnectionLimits {
  maxPerAccount: number;
  maxPerAddress: number;
}

/**
 * Every live connection of this process by account and address: limits (PF-28), and cutting when access ends (PF-72). An address counts only
 * connections without an account, so the limit of a crowd grows with the proven accounts behind its address (section 3).
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #byAccount = new Map<string, Set<Connected>>();
  readonly #anonymousByAddress = new Map<string, number>();
  /** Ends of access seen while somebody is being identified; empty otherwise. */
  readonly #identifying = new Set<AccessEnded[]>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Whether one more connection without an account may come from `address`. */
  hasRoom(address: string): boolean {
    return (this.#anonymousByAddress.get(limitAddress(address)) ?? 0) < this.#limits.maxPerAddress;
  }

  /** Connections of an account, on one wire when given. */
  countOf(accountId: string, wire?: string): number {
    const members = this.#byAccount.get(accountId);
    if (members === undefined || wire === undefined) return members?.size ?? 0;
    let count = 0;
    for (const member of members) if (member.wire === wire) count++;
    return count;
  }

  get size(): number {
    let size = 0;
    for (const members of this.#byAccount.values()) size += members.size;
    for (const count of this.#anonymousByAddress.values()) size += count;
    return size;
  }

  add(connection: Connected): void {
    const { principal } = connection;
    if (principal.kind !== 'account') {
      const address = limitAddress(connection.address);
      this.#anonymousByAddress.set(address, (this.#anonymousByAddress.get(address) ?? 0) + 1);
      return;
    }
    const members = this.#byAccount.get(principal.accountId);
    if (members === undefined) this.#byAccount.set(principal.accountId, new Set([connection]));
    else members.add(connection);
  }

  remove(connection: Connected): void {
    const { principal } = connection;
    if (principal.kind === 'account') {
      const members = this.#byAccount.get(principal.accountId);
      members?.delete(connection);
      if (members?.size === 0) this.#byAccount.delete(principal.accountId);
      return;
    }
    const address = limitAddress(connection.address);
    const count = (this.#anonymousByAddress.get(address) ?? 0) - 1;
    if (count > 0) this.#anonymousByAddress.set(address, count);
    else this.#anonymousByAddress.delete(address);
  }

  /** Moves a connection to its new principal. Returns false, changing nothing, when that account has too many. */
  identify(connection: Connected, principal: Principal, maxOnWire = Number.POSITIVE_INFINITY): boolean {
    const before = connection.principal;
    const isSame =
      principal.kind === 'account' && before.kind === 'account' && before.accountId === principal.accountId;
    if (principal.kind === 'account' && !isSame) {
      if (this.countOf(principal.accountId) >= this.#limits.maxPerAccount) return false;
      if (this.countOf(principal.accountId, connection.wire) >= maxOnWire) return false;
    }
    this.remove(connection);
    connection.assign(principal);
    this.add(connection);
    return true;
  }

  /**
   * Runs `find`, then at once `use`, told whether the access that was found has ended meanwhile: a credential read before the end, on a
   * connection known after it, would otherwise live on.
   */
  async findPrincipal<R>(
    find: () => Promise<Principal>,
    use: (principal: Principal, hasEnded: boolean) => R,
  ): Promise<R> {
    const ended: AccessEnded[] = [];
    this.#identifying.add(ended);
    try {
      const principal = await find();
      return use(
        principal,
        ended.some((end) => concerns(end, principal)),
      );
    } finally {
      this.#identifying.delete(ended);
    }
  }

  /** Cuts every connection whose session or account ended, on all wires (PF-72). Returns how many. */
  accessEnded(end: AccessEnded): number {
    for (const ended of this.#identifying) ended.push(end);
    const concerned = [...(this.#byAccount.get(end.accountId) ?? [])].filter(({ principal }) =>
      concerns(end, principal),
    );
    for (const connection of concerned) connection.endAccess();
    return concerned.length;
  }
}

function concerns(end: AccessEnded, principal: Principal): boolean {
  if (principal.kind !== 'account' || principal.accountId !== end.accountId) return false;
  return end.sessionIds === null || (principal.sessionId !== null && end.sessionIds.includes(principal.sessionId));
}
