import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { type Broadcast, gameTopic } from '../events.ts';
import { planChatMessage, planChatText } from '../rules/chat.ts';
import type { Done, ServiceDeps } from './deps.ts';

/** Senders whose pace is remembered; the oldest are forgotten first. */
const MOST_SENDERS = 10_000;

/** Chat among the subscribers of games (CH1, CH2). */
export class ChatService {
  readonly #deps: ServiceDeps;
  readonly #sentAt = new Map<string, number[]>();

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** One message to each of these games, which the sender has joined. @throws RuleError 6607, 6623 */
  async send(principal: AccountPrincipal, gameIds: readonly string[], text: string): Promise<Done<object>> {
    const { clock } = this.#deps.ports;
    const planned = planChatText(text, this.#deps.settings.chatMaxChars);
    const { accountId } = principal;
    const sentAt = planChatMessage(this.#sentAt.get(accountId) ?? [], clock.now());
    this.#sentAt.delete(accountId);
    this.#sentAt.set(accountId, sentAt);
    if (this.#sentAt.size > MOST_SENDERS) this.#sentAt.delete(this.#sentAt.keys().next().value!);
    return await this.#deps.database.transaction('predictions.chat', async (tx) => {
      const events = gameIds.map((gameId) => {
        const data: Broadcast = { body: { text: planned, sender: principal.username, channel: gameId } };
        return tx.append({ topic: gameTopic(gameId), type: 'chat.message', data, actor: accountId });
      });
      return { body: {}, events };
    });
  }
}
