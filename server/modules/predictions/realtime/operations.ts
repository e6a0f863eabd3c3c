import type { EventRef } from '../../../platform/events/types.ts';
import { type BroadcastType, MESSAGE_OF_EVENT, playerTopic } from '../events.ts';
import type { Request } from '../rules/envelope.ts';
import { RuleError } from '../rules/errors.ts';
import type { Who } from '../rules/op-spec.ts';
import { OPS, type OpName } from '../rules/ops.ts';
import { type ParamValues, readParams } from '../rules/params.ts';
import type { PredictionAction } from '../service/access.ts';
import { UnresolvedPools } from '../service/closing.ts';
import type { PredictionsServices } from '../service/services.ts';
import type { OpcodeConnection } from './connection.ts';
import { errorFrame, eventFrame, messageFrame } from './frames.ts';
import { adminOperations } from './operations-admin.ts';
import { boardOperations } from './operations-boards.ts';
import { connectionOperations } from './operations-connection.ts';
import { playOperations } from './operations-play.ts';
import type { Room } from './rooms.ts';
import type { OpcodeWire } from './wire.ts';

/** What an operation answers: its direct message, and the events it has appended, in order. */
export interface Reply {
  res: number;
  body: object;
  events?: readonly EventRef[];
  /** Told in the header of an answer that is no broadcast (333, WC11). */
  seq?: number;
}

/** What every operation is given. */
export interface OperationContext {
  services: PredictionsServices;
  wire: OpcodeWire;
  connection: OpcodeConnection;
  request: Request;
  /** Topics of the games joined when the operation began: who closes a game has left it when he is answered (GM12), and has heard the 341. */
  joined: ReadonlyMap<string, Room>;
  /** Id under which later events of this operation are told to a caller who has not joined (WC3). */
  cause: string;
}

type ParamsOf<Name extends OpName> = ParamValues<(typeof OPS)[Name]['params']>;
export type Operation<Name extends OpName> = (
  params: ParamsOf<Name>,
  context: OperationContext,
) => Promise<Reply | readonly Reply[]>;
export type OperationTable = { [Name in OpName]: Operation<Name> };

/** The action each kind of caller of 4.2 needs; several letters: any of them (PF-16). */
const ACTION_OF_WHO: Readonly<Record<Who, PredictionAction>> = {
  A: 'predictions.public.read',
  U: 'predictions.play',
  D: 'predictions.source.open',
  S: 'predictions.source.administer',
  G: 'predictions.game.administer',
};

/** Actions that an operation may need, for the matrix of PF-16. */
export function actionsOfOp(name: OpName): PredictionAction[] {
  return OPS[name].who.map((who: Who) => ACTION_OF_WHO[who]);
}

/** Carries out operations: reads their parameters, asks whether the caller may, calls one service, tells the answer and what it has caused. */
export class Operations {
  readonly #services: PredictionsServices;
  readonly #wire: OpcodeWire;
  readonly #table: OperationTable;

  constructor(services: PredictionsServices, wire: OpcodeWire) {
    this.#services = services;
    this.#wire = wire;
    this.#table = { ...connectionOperations, ...adminOperations, ...playOperations, ...boardOperations };
  }

  /** @throws RuleError, platform errors */
  async run(connection: OpcodeConnection, request: Request): Promise<void> {
    this.#authorise(connection, request.name);
    const context: OperationContext = {
      services: this.#services,
      wire: this.#wire,
      connection,
      request,
      joined: new Map([...connection.rooms.values()].map((room) => [room.topic, room])),
      cause: this.#services.deps.ports.ids.uuid(),
    };
    const replies = await this.#callOrRefuse(context);
    for (const reply of Array.isArray(replies) ? (replies as readonly Reply[]) : [replies as Reply])
      await this.#tell(context, reply);
  }

  /** A close that is refused for now has closed some things all the same: its caller hears of them after the refusal (GM8). */
  async #callOrRefuse(context: OperationContext): Promise<Reply | readonly Reply[]> {
    const { connection, request } = context;
    try {
      return await this.#call(request.name, context);
    } catch (error) {
      if (!(error instanceof UnresolvedPools)) throw error;
      connection.answer(errorFrame(error, this.#services.deps.ports.clock.now(), { op: request.op, rid: request.rid }));
      for (const event of error.done.events) {
        const frame = this.#roomHeard(context, event.topic) ? null : eventFrame(event);
        if (frame) connection.answer(frame);
      }
      return [];
    }
  }

  #call<Name extends OpName>(name: Name, context: OperationContext): Promise<Reply | readonly Reply[]> {
    const params = readParams(OPS[name].params, context.request.message) as ParamsOf<Name>;
    return this.#table[name](params, context);
  }

  #authorise(connection: OpcodeConnection, name: OpName): void {
    const { authority, settings } = this.#services.deps;
    if (!actionsOfOp(name).some((action) => authority.can(connection.principal, action, null)))
      throw new RuleError('not_authorized');
    const isAdminOp = OPS[name].who.every((who: Who) => who === 'D' || who === 'S' || who === 'G');
    if (isAdminOp && settings.adminOpsNeedAdminKey && !connection.hasAdminKey) {
      throw new RuleError('not_authorized', undefined, { text: 'This needs a connection opened with the admin key.' });
    }
  }

  /** Direct answer first, then everything else, each message once (WC2, WC3). */
  async #tell(context: OperationContext, reply: Reply): Promise<void> {
    const { connection, request } = context;
    const extras = {
      ...(reply.seq === undefined ? {} : { seq: reply.seq }),
      ...(request.rid === undefined ? {} : { rid: request.rid }),
    };
    const events = reply.events ?? [];
    const echo = events.find((event) => MESSAGE_OF_EVENT[event.type as BroadcastType] === reply.res);
    if (!echo) connection.answer(messageFrame(reply.res, reply.body, this.#services.deps.ports.clock.now(), extras));
    for (const event of events) {
      if (isForOthers(event, connection)) continue;
      const room = this.#roomHeard(context, event.topic);
      if (!room) {
        const frame = eventFrame(event, undefined, event === echo ? request.rid : undefined);
        if (frame) connection.answer(frame);
      } else if (event === echo) {
        await connection.arrival(() => room.encodedSeq >= event.seq);
        if (request.rid !== undefined)
          this.#putInPlace(connection, room.frameOf(event.seq), eventFrame(event, undefined, request.rid)!);
      }
    }
  }

  #putInPlace(
    connection: OpcodeConnection,
    shared: ReturnType<typeof eventFrame> | undefined,
    own: ReturnType<typeof messageFrame>,
  ): void {
    if (!connection.replaceHeld(shared ?? undefined, own)) connection.answer(own);
  }

  #roomHeard({ connection, joined, cause }: OperationContext, topic: string): Room | undefined {
    const room = this.#wire.findRoom(topic);
    return joined.get(topic) ?? (room?.hears(connection, cause) ? room : undefined);
  }
}

/** A notice to another account (640 of 617) is none of the caller's. */
function isForOthers(event: EventRef, connection: OpcodeConnection): boolean {
  return event.type === 'admin.appointed' && event.topic !== playerTopic(connection.accountId);
}
