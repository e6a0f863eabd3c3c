import { AnswerLostError, OpcodeError } from '../errors.ts';
import type { AnyMessage } from './messages.ts';
import { type Answer, isAnswerOf, type Operation, REPEATABLE } from './operations.ts';

export interface PendingRequest {
  rid: string;
  op: Operation;
  params: object;
  /** Sent on the present connection. */
  sent: boolean;
  /** May be sent again on the next connection when its answer was lost. */
  repeatable: boolean;
  resolve: (message: AnyMessage) => void;
  reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** A bet with `client_ref` (BT6) or an event with `event_id` (EV12) takes effect once however often it is sent. */
export function isRepeatable(op: Operation, params: object): boolean {
  return REPEATABLE.has(op) || 'client_ref' in params || 'event_id' in params;
}

/** Requests that wait for their answer, in request order (WC2). */
export class PendingRequests {
  #queue: PendingRequest[] = [];
  #ridEchoed = false;
  #lastRid = 0;

  get size(): number {
    return this.#queue.length;
  }

  /** Adds a request. @returns it, and the promise of its answer */
  add<Op extends Operation>(op: Op, params: object, timeoutMs: number): [PendingRequest, Promise<Answer<Op>>] {
    const { promise, resolve, reject } = Promise.withResolvers<AnyMessage>();
    this.#lastRid += 1;
    const rid = String(this.#lastRid);
    const timer = setTimeout(() => {
      this.#take(rid)?.reject(new AnswerLostError('No answer came in time.'));
    }, timeoutMs);
    const request = { rid, op, params, sent: false, repeatable: isRepeatable(op, params), resolve, reject, timer };
    this.#queue.push(request);
    const answer = promise.then((message) => {
      if (isAnswerOf(op, message)) return message as Answer<Op>;
      throw new AnswerLostError(`Operation ${op} was answered with ${message.res}.`);
    });
    return [request, answer];
  }

  /** Requests not yet sent on this connection, oldest first. */
  unsent(): PendingRequest[] {
    return this.#queue.filter((request) => !request.sent);
  }

  /** Settles the request that `message` answers. @returns whether there was one */
  settle(message: AnyMessage): boolean {
    const request = this.#match(message);
    if (request === undefined) return false;
    if (message.res === 666) request.reject(new OpcodeError(message));
    else request.resolve(message);
    return true;
  }

  /** The connection is gone: repeatable requests wait for the next one, the rest fail. */
  connectionLost(): void {
    const lost = this.#queue.filter((request) => request.sent && !request.repeatable);
    for (const request of lost) this.#take(request.rid)?.reject(new AnswerLostError('The connection was lost.'));
    for (const request of this.#queue) request.sent = false;
  }

  /** No further connection will come. */
  rejectAll(reason: string): void {
    for (const request of [...this.#queue]) this.#take(request.rid)?.reject(new AnswerLostError(reason));
  }

  #match(message: AnyMessage): PendingRequest | undefined {
    const { rid } = message.response_header;
    if (rid !== undefined) {
      this.#ridEchoed = true;
      return this.#take(String(rid));
    }
    if (this.#ridEchoed) return undefined;
    // A server that echoes nothing: answers come in request order, so only the oldest sent request can be meant.
    const oldest = this.#queue.find((request) => request.sent);
    if (oldest === undefined) return undefined;
    const isMeant = message.res === 666 ? (message.op ?? oldest.op) === oldest.op : isAnswerOf(oldest.op, message);
    return isMeant ? this.#take(oldest.rid) : undefined;
  }

  #take(rid: string): PendingRequest | undefined {
    const index = this.#queue.findIndex((request) => request.rid === rid);
    if (index < 0) return undefined;
    const [request] = this.#queue.splice(index, 1);
    clearTimeout(request?.timer);
    return request;
  }
}
