import type { Tx } from '../database/types.ts';
import type { EventFeed, Following, LoggedEvent } from '../events/types.ts';
import type { AccessEnded } from './types.ts';

/** Topic on which every process hears that access ended or changed (PF-72). No client may subscribe to it. */
export const ACCESS_TOPIC = 'platform/access';

type EndedListener = (ended: AccessEnded) => void;
type ForgetListener = (accountId: string) => void;

/**
 * Tells all processes when sessions end or an account changes. What is cached of the account is forgotten at once in the process that
 * made the change, before its caller hears of the commit, and as soon as the event arrives in the others.
 */
export class Access {
  readonly #endedListeners = new Set<EndedListener>();
  readonly #forgetListeners = new Set<ForgetListener>();
  #following: Following | undefined;

  /** Begins to hear of other processes; until then only own changes are known. */
  async start(feed: EventFeed): Promise<void> {
    this.#following = await feed.follow(ACCESS_TOPIC, (events) => {
      for (const event of events) this.#hear(event);
    });
  }

  stop(): void {
    this.#following?.stop();
  }

  /** Live connections of these sessions must be cut. Once per event in every process. */
  onEnded(fn: EndedListener): () => void {
    this.#endedListeners.add(fn);
    return () => this.#endedListeners.delete(fn);
  }

  /** What is kept in memory of this account is out of date. May be called more than once for one change. */
  onForget(fn: ForgetListener): () => void {
    this.#forgetListeners.add(fn);
    return () => this.#forgetListeners.delete(fn);
  }

  /** Sessions end with this transaction; `sessionIds` null = all of the account. */
  ended(tx: Tx, ended: AccessEnded, actor?: string | null): void {
    this.#tell(tx, 'access.ended', ended.accountId, { ...ended }, actor);
  }

  /** Name, grants or number of live keys change with this transaction; connections stay. */
  changed(tx: Tx, accountId: string, actor?: string | null): void {
    this.#tell(tx, 'account.changed', accountId, { accountId }, actor);
  }

  #tell(
    tx: Tx,
    type: string,
    accountId: string,
    data: Record<string, unknown>,
    actor: string | null = accountId,
  ): void {
    tx.append({ topic: ACCESS_TOPIC, type, data, actor });
    tx.afterCommit(() => this.#forget(accountId));
  }

  #hear(event: LoggedEvent): void {
    const data = event.data as AccessEnded;
    this.#forget(data.accountId);
    if (event.type !== 'access.ended') return;
    for (const listener of this.#endedListeners) {
      listener({ accountId: data.accountId, sessionIds: data.sessionIds ?? null });
    }
  }

  #forget(accountId: string): void {
    for (const listener of this.#forgetListeners) listener(accountId);
  }
}
