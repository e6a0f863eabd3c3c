import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../accounts/types.ts';
import { Forbidden, Invalid, TooMany, Unauthenticated, Unavailable } from '../errors.ts';
import type { LoggedEvent, Position } from '../events/types.ts';
import type { Ports } from '../ports.ts';
import { Channels } from './channels.ts';
import { CLOSE_CODES, type CloseCode } from './codes.ts';
import type { Connections } from './connections.ts';
import { EventStream } from './event-stream.ts';
import type { Flusher } from './flusher.ts';
import { authorizeTopic, type OpenedTopic, type OpenTopicDeps, presentEvent, TopicOpener } from './open-topic.ts';
import type { RealtimeSettings } from './settings.ts';
import type { TopicMatch } from './topics.ts';
import type { Frame } from './types.ts';

export interface EventStreamDeps extends OpenTopicDeps {
  settings: RealtimeSettings;
  connections: Connections;
  flusher: Flusher;
  ports: Pick<Ports, 'clock' | 'log' | 'random'>;
  /** Who asks, as it stands now. */
  authenticate(request: FastifyRequest): Promise<Principal>;
  /** Whether a page of that origin may use the visitor's cookies (PF-64). */
  isAllowedOrigin(origin: string | undefined, host: string | undefined): boolean;
}

export interface EventStreams {
  readonly size: number;
  /** Ends every stream; the clients come back by themselves. */
  close(): void;
}

const HEARTBEAT_MS = 15_000;
const HEARTBEAT = Buffer.from(':\n\n');
const MIN_RETRY_MS = 1_000;
const RETRY_SPREAD_MS = 4_000;
const MAX_ID_LENGTH = 4_096;

/** Registers `GET /events/stream?topic=..` (PF-24): the topics of the native wire as server-sent events, resumed by `Last-Event-ID`. */
export function registerEventStream(app: FastifyInstance, deps: EventStreamDeps): EventStreams {
  const route = new EventStreamRoute(deps);
  app.get(
    '/events/stream',
    {
      config: { action: 'public' },
      exposeHeadRoute: false,
      schema: {
        summary: 'Events of one or more topics as server-sent events',
        querystring: {
          type: 'object',
          required: ['topic'],
          properties: {
            topic: {
              anyOf: [
                { type: 'string', maxLength: 255 },
                { type: 'array', items: { type: 'string', maxLength: 255 }, minItems: 1, maxItems: 100 },
              ],
            },
          },
        },
      },
    },
    (request, reply) => route.answer(request, reply),
  );
  return route;
}

class EventStreamRoute implements EventStreams {
  readonly #deps: EventStreamDeps;
  readonly #opener: TopicOpener;
  readonly #channels: Channels;
  readonly #streams = new Set<EventStream>();
  readonly #heartbeat: NodeJS.Timeout;
  #isClosing = false;

  constructor(deps: EventStreamDeps) {
    this.#deps = deps;
    this.#opener = new TopicOpener(deps);
    this.#channels = new Channels(deps.feed);
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams) stream.outlet.send(HEARTBEAT);
    }, HEARTBEAT_MS).unref();
  }

  get size(): number {
    return this.#streams.size;
  }

  close(): void {
    this.#isClosing = true;
    clearInterval(this.#heartbeat);
    for (const stream of this.#streams) this.#end(stream, CLOSE_CODES.restarting);
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { principal } = request;
    if (this.#isClosing) throw new Unavailable('unavailable', 'The server is stopping.');
    this.#requireOwnOrigin(request);
    const topics = readTopics(request.query, this.#deps.settings.maxTopicsPerConnection);
    const matches: TopicMatch[] = [];
    for (const topic of topics) matches.push(await authorizeTopic(this.#deps, topic, principal));
    const stream = await this.#createStream(request, reply, topics);
    try {
      const opened = await this.#openTopics(stream, topics, matches, readLastEventId(request, topics.length));
      reply.hijack();
      if (reply.raw.destroyed) stream.leave();
      else this.#start(stream, reply, topics, opened);
    } catch (error) {
      stream.leave();
      throw error;
    }
    return reply;
  }

  /** A page of a foreign origin must not read with the visitor's cookies (PF-64). Browsers name the origin of a foreign page, not of the own. */
  #requireOwnOrigin(request: FastifyRequest): void {
    const { authorization, origin } = request.headers;
    if (request.principal.kind !== 'account' || authorization !== undefined) return;
    const isForeign = origin === undefined && request.headers['sec-fetch-site'] === 'cross-site';
    if (isForeign || (origin !== undefined && !this.#deps.isAllowedOrigin(origin, request.headers.host))) {
      throw new Forbidden('foreign_origin', 'This origin may not use the session.');
    }
  }

  /** Asks again who it is: access that ended since the request came, or ends while it is looked up, must not get a stream (PF-72). */
  #createStream(request: FastifyRequest, reply: FastifyReply, topics: readonly string[]): Promise<EventStream> {
    const before = request.principal;
    return this.#deps.connections.findPrincipal(
      () => this.#deps.authenticate(request),
      (principal, hasEnded) => {
        const isSame =
          before.kind !== 'account' || (principal.kind === 'account' && principal.accountId === before.accountId);
        if (hasEnded || !isSame) throw new Unauthenticated('unauthenticated', 'The session has ended.');
        return this.#register(request, reply, topics, before.kind === 'account' ? principal : before);
      },
    );
  }

  #register(
    request: FastifyRequest,
    reply: FastifyReply,
    topics: readonly string[],
    principal: Principal,
  ): EventStream {
    const { connections, flusher, settings, feed } = this.#deps;
    const { address } = request;
    if (principal.kind !== 'account' && !connections.hasRoom(address)) throw tooManyConnections();
    const stream = new EventStream({
      response: reply.raw,
      address,
      flusher,
      settings,
      epoch: feed.epoch,
      topicCount: topics.length,
      onAccessEnded: () => this.#end(stream, CLOSE_CODES.accessEnded),
    });
    connections.add(stream);
    this.#streams.add(stream);
    stream.onLeave(() => {
      connections.remove(stream);
      this.#streams.delete(stream);
    });
    if (connections.identify(stream, principal)) return stream;
    stream.leave();
    throw tooManyConnections();
  }

  async #openTopics(
    stream: EventStream,
    topics: readonly string[],
    matches: readonly TopicMatch[],
    since: readonly (Position | undefined)[],
  ): Promise<OpenedTopic[]> {
    const opened: OpenedTopic[] = [];
    for (const [index, topic] of topics.entries()) {
      const match = matches[index]!;
      const channel = this.#channels.of(topic, (event) => this.#encode(match, event), {
        conflatable: match.definition.conflatable ?? false,
        isSeparate: true,
        onError: (error) => this.#deps.ports.log.error({ err: error, topic }, 'an event could not be encoded'),
      });
      const subscriber = stream.subscriber(index);
      stream.onLeave(() => channel.remove(subscriber));
      const ask = { topic, principal: stream.principal, subscriber, since: since[index] };
      opened.push(await this.#opener.open(ask, match, channel));
    }
    return opened;
  }

  #encode(match: TopicMatch, event: LoggedEvent): Frame {
    return EventStream.frame(event.seq, this.#deps.feed.epoch, presentEvent(match, event));
  }

  /** From here on nothing waits: states, replays and live events follow each other without a hole. */
  #start(stream: EventStream, reply: FastifyReply, topics: readonly string[], opened: readonly OpenedTopic[]): void {
    const { ports } = this.#deps;
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // A proxy that gathers the answer before it passes it on would hold everything back.
      'X-Accel-Buffering': 'no',
    });
    reply.raw.socket?.setKeepAlive(true, HEARTBEAT_MS);
    // Spread, so that a crowd cut off together does not come back together.
    stream.outlet.send(
      Buffer.from(`retry: ${MIN_RETRY_MS + Math.floor(ports.random.fraction() * RETRY_SPREAD_MS)}\n\n`),
    );
    for (const [index, { seq }] of opened.entries()) stream.setPosition(index, seq);
    for (const [index, { snapshot, reset, seq }] of opened.entries()) {
      if (snapshot !== undefined) {
        stream.tellState(reset ? 'reset' : 'snapshot', { topic: topics[index], seq, snapshot: snapshot.value ?? null });
      }
    }
    for (const [index, { replay, seat, liveAfterSeq }] of opened.entries()) {
      for (const frame of replay) stream.subscriber(index).outlet.sendUncounted(frame);
      stream.setPosition(index, liveAfterSeq);
      if (seat.start(liveAfterSeq)) continue;
      // More came while the places were looked up than is kept: the client resumes from what it has.
      this.#end(stream, CLOSE_CODES.slowReader);
      return;
    }
  }

  #end(stream: EventStream, { code, name }: CloseCode): void {
    stream.end({ code, reason: name });
  }
}

function tooManyConnections(): TooMany {
  return new TooMany('too_many_connections', 'Too many connections.', 30_000);
}

function readTopics(query: unknown, max: number): string[] {
  const { topic } = query as { topic?: string | string[] };
  const topics = [...new Set(typeof topic === 'string' ? [topic] : topic)];
  if (topics.length >= 1 && topics.length <= max) return topics;
  throw new Invalid('too_many_topics', `One to ${max} topics.`);
}

/** `epoch/seq.seq...`, one seq a topic in the order of the query; anything else starts anew. */
function readLastEventId(request: FastifyRequest, topicCount: number): (Position | undefined)[] {
  const header = request.headers['last-event-id'];
  if (typeof header !== 'string' || header === '' || header.length > MAX_ID_LENGTH) return [];
  const at = header.lastIndexOf('/');
  const epoch = header.slice(0, Math.max(0, at));
  const seqs = header
    .slice(at + 1)
    .split('.')
    .map(Number);
  // Not ours, or of other topics: the state is told anew, as a reset.
  const isOurs = at > 0 && seqs.length === topicCount && seqs.every((seq) => Number.isSafeInteger(seq) && seq >= 0);
  return Array.from({ length: topicCount }, (_, index) => ({ epoch: isOurs ? epoch : '', seq: seqs[index] ?? 0 }));
}
