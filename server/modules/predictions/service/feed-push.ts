import type { Principal } from '../../../platform/accounts/types.ts';
import { RuleError } from '../rules/errors.ts';
import { readRoles } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import type { EventService, FeedItem, FeedOutcome } from './registration.ts';
import { readGame } from './store.ts';

/** Items of a feed that somebody outside sends in for his game (section 7, "push"). */
export class FeedPush {
  readonly #deps: Pick<ServiceDeps, 'database' | 'authority'>;
  readonly #events: EventService;

  constructor(deps: Pick<ServiceDeps, 'database' | 'authority'>, events: EventService) {
    this.#deps = deps;
    this.#events = events;
  }

  /** Registers items for an admin of the game or of its source, or a developer. @throws RuleError 6602, 6607, 6609 */
  async push(
    principal: Principal,
    asked: { feed: string; gameId: string; items: readonly FeedItem[] },
  ): Promise<FeedOutcome[]> {
    const { authority, database } = this.#deps;
    const game = await readGame(database, asked.gameId);
    const roles = await readRoles(database, principal, game);
    const mayPush =
      authority.can(principal, 'predictions.game.maintain', roles) ||
      authority.can(principal, 'predictions.source.open');
    if (!mayPush) throw new RuleError('not_authorized');
    return await this.#events.registerFeedItems({ kind: 'system', name: 'predictions.feed-push' }, asked);
  }
}
