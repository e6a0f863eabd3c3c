import type { Principal } from '../accounts/types.ts';
import { Conflict, DomainError, Invalid, NotFound } from '../errors.ts';
import { presentError, sendError } from './answers.ts';
import type { Channels } from './channels.ts';
import { CLOSE_CODES } from './codes.ts';
import { encodeJsonFrame } from './frame.ts';
import { type ClientMessage, parseMessage, readSince, readToken, readTopic, readType } from './messages.ts';
import type { NativeWireDeps } from './native.ts';
import { authorizeTopic, type OpenedTopic, presentEvent, type TopicOpener } from './open-topic.ts';
import type { TopicMatch } from './topics.ts';
import type { Channel, WireSocket } from './types.ts';

interface Subscription {
  channel: Channel;
  match: TopicMatch;
  /** The account it is present as (null: nobody known); undefined when it is not counted. */
  presentAs?: string | null;
}

type SessionDeps = NativeWireDeps & { channels: Channels; opener: TopicOpener };

const MAX_MALFORMED = 10;

/** One connection of the native wire: its operations, one at a time, and its subscriptions. */
export class NativeSession {
  readonly #socket: WireSocket;
  readonly #deps: SessionDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  #malformed = 0;
  #cancelExpiry: (() => void) | undefined;

  constructor(socket: WireSocket, deps: SessionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    socket.onClose(() => this.#closed());
    socket.onText((text) => this.#receive(text));
  }

  async #receive(text: string): Promise<void> {
    let id: ClientMessage['id'] = null;
    try {
      const message = parseMessage(text);
      this.#malformed = 0;
      id = message.id;
      await this.#run(message);
    } catch (error) {
      this.#answerError(id, error);
    }
  }

  #answerError(id: ClientMessage['id'], error: unknown): void {
    if (!(error instanceof DomainError)) this.#deps.ports.log.error({ err: error }, 'a realtime operation failed');
    sendError(this.#socket, id, presentError(error));
    if (!(error instanceof Invalid) || error.code !== 'malformed') return;
    this.#malformed++;
    if (this.#malformed >= MAX_MALFORMED) this.#socket.close(CLOSE_CODES.policy.code, 'malformed');
  }

  async #run(message: ClientMessage): Promise<void> {
    switch (message.op) {
      case 'subscribe':
        return await this.#subscribe(message);
      case 'unsubscribe':
        return this.#unsubscribe(message);
      case 'publish':
        return await this.#publish(message);
      case 'presence':
        return await this.#tellPresence(message);
      case 'auth':
        return await this.#authenticate(message);
      case 'ping':
        return this.#answer(message, {});
      default:
        throw new NotFound('unknown_op', 'There is no such operation.');
    }
  }

  #answer(message: ClientMessage, fields: object): void {
    this.#socket.outlet.send(encodeJsonFrame({ re: message.id, ok: true, ...fields }));
  }

  async #subscribe(message: ClientMessage): Promise<void> {
    const topic = readTopic(message);
    const since = readSince(message);
    const { maxTopicsPerConnection } = this.#deps.settings;
    const isNew = !this.#subscriptions.has(topic);
    if (isNew && this.#subscriptions.size >= maxTopicsPerConnection) {
      throw new Conflict('too_many_topics', `A connection may subscribe to ${maxTopicsPerConnection} topics.`);
    }
    const { principal, outlet } = this.#socket;
    try {
      const match = await authorizeTopic(this.#deps, topic, principal);
      // The next snapshot waits for the reader to take the last one (PF-76).
      await outlet.drained();
      if (!this.#socket.isOpen) return;
      const channel = this.#channel(topic, match);
      const subscription = this.#subscriptions.get(topic) ?? { channel, match };
      this.#subscriptions.set(topic, subscription);
      const ask = { topic, principal, subscriber: this.#socket, since };
      this.#start(message, await this.#deps.opener.open(ask, match, channel));
      if (this.#socket.isOpen) this.#enterPresence(topic, subscription);
      else channel.remove(this.#socket);
    } catch (error) {
      this.#drop(topic);
      throw error;
    }
  }

  #channel(topic: string, match: TopicMatch): Channel {
    return this.#deps.channels.of(topic, (event) => encodeJsonFrame(presentEvent(match, event)), {
      conflatable: match.definition.conflatable ?? false,
      onError: (error) => this.#deps.ports.log.error({ err: error, topic }, 'an event could not be encoded'),
    });
  }

  /** Tells the position and goes live, in one go: nothing may come between (see `Channel.hold`). */
  #start(message: ClientMessage, opened: OpenedTopic): void {
    const { outlet } = this.#socket;
    const { seq, snapshot, reset, replay, seat, liveAfterSeq } = opened;
    const answer = {
      re: message.id,
      ok: true,
      epoch: this.#deps.feed.epoch,
      seq,
      ...(reset ? { reset: true } : {}),
      ...(snapshot === undefined ? {} : { snapshot: snapshot.value ?? null }),
    };
    outlet.sendUncounted(encodeJsonFrame(answer));
    for (const frame of replay) outlet.sendUncounted(frame);
    if (seat.start(liveAfterSeq) || !this.#socket.isOpen) return;
    // More came while the place was looked up than is kept: the client resumes from what it has.
    this.#socket.close(CLOSE_CODES.slowReader.code, 'too much arrived while subscribing');
  }

  #unsubscribe(message: ClientMessage): void {
    const topic = readTopic(message);
    this.#subscription(topic);
    this.#drop(topic);
    this.#answer(message, {});
  }

  #drop(topic: string): void {
    const subscription = this.#subscriptions.get(topic);
    if (subscription === undefined) return;
    this.#subscriptions.delete(topic);
    subscription.channel.remove(this.#socket);
    this.#exitPresence(topic, subscription);
  }

  async #publish(message: ClientMessage): Promise<void> {
    const topic = readTopic(message);
    const { principal } = this.#socket;
    const { definition, params } = await authorizeTopic(this.#deps, topic, principal);
    if (definition.publish === undefined) throw new Conflict('not_publishable', 'Nobody may publish to that topic.');
    const { action, handle } = definition.publish;
    this.#deps.authority.require(principal, action);
    const data = await handle(principal, params, message.fields.data ?? null, readType(message));
    this.#answer(message, data === undefined ? {} : { data });
  }

  async #tellPresence(message: ClientMessage): Promise<void> {
    const topic = readTopic(message);
    const { match } = this.#subscription(topic);
    const { presence } = this.#deps;
    const told = match.definition.presence;
    if (presence === undefined || told === undefined) {
      throw new Conflict('no_presence', 'The topic does not tell who is there.');
    }
    const { accounts, connections, accountIds, truncated } = await presence.read(topic);
    this.#answer(message, {
      accounts,
      connections,
      ...(told === 'accounts' ? { accountIds, ...(truncated ? { truncated } : {}) } : {}),
    });
  }

  /** Signs in, or renews the token of the account that is signed in. */
  async #authenticate(message: ClientMessage): Promise<void> {
    const token = readToken(message);
    let expiresAt: number | null = null;
    const before = this.#socket.principal;
    const isKnown = await this.#socket.identify(async () => {
      const verified = await this.#deps.verifyToken(token, this.#socket.address);
      if (before.kind === 'account' && before.accountId !== verified.principal.accountId) {
        throw new Conflict('other_account', 'A connection cannot change to another account.');
      }
      expiresAt = verified.expiresAt;
      return verified.principal;
    });
    if (!isKnown) return;
    this.#expireAt(expiresAt);
    for (const [each, subscription] of this.#subscriptions) this.#enterPresence(each, subscription);
    this.#answer(message, expiresAt === null ? {} : { expiresAt: new Date(expiresAt).toISOString() });
  }

  #expireAt(expiresAt: number | null): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry =
      expiresAt === null
        ? undefined
        : this.#deps.ports.clock.at(expiresAt, () =>
            this.#socket.close(CLOSE_CODES.unauthenticated.code, 'token expired'),
          );
  }

  #subscription(topic: string): Subscription {
    const subscription = this.#subscriptions.get(topic);
    if (subscription === undefined) throw new Conflict('not_subscribed', 'Not subscribed to that topic.');
    return subscription;
  }

  /** Counts the subscription for whoever the connection is now (PF-27). */
  #enterPresence(topic: string, subscription: Subscription): void {
    const { presence } = this.#deps;
    if (presence === undefined || subscription.match.definition.presence === undefined) return;
    const accountId = accountOf(this.#socket.principal);
    if (subscription.presentAs === accountId) return;
    this.#exitPresence(topic, subscription);
    subscription.presentAs = accountId;
    presence.join(topic, accountId);
  }

  #exitPresence(topic: string, subscription: Subscription): void {
    if (subscription.presentAs === undefined) return;
    this.#deps.presence?.leave(topic, subscription.presentAs);
    subscription.presentAs = undefined;
  }

  #closed(): void {
    this.#cancelExpiry?.();
    for (const topic of [...this.#subscriptions.keys()]) this.#drop(topic);
  }
}

function accountOf(principal: Principal): string | null {
  return principal.kind === 'account' ? principal.accountId : null;
}
