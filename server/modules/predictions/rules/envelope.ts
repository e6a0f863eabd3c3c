import { RuleError } from './errors.ts';
import { isUnset, readNumber } from './input.ts';
import { OPS, type OpName } from './ops.ts';

/** A request as it came in, its op known (4.1). */
export type Request = {
  readonly name: OpName;
  /** The op number as sent, for the `op` of an error. */
  readonly op: number;
  /** `header.rid`, echoed in answers (WC2); undefined when not sent. */
  readonly rid: string | number | undefined;
  readonly message: Readonly<Record<string, unknown>>;
};

const nameByOp: ReadonlyMap<number, OpName> = new Map(
  Object.entries(OPS).map(([name, spec]) => [spec.op, name as OpName]),
);

/**
 * Reads a parsed frame: an object with `op` as number or numeric string (WC9). 373 with nothing to change reads (I1), 4505
 * with a game asks for that game's board (I28). Throws 6605, 6604.
 */
export function readRequest(frame: unknown): Request {
  if (!isRecord(frame) || isUnset(frame.op)) throw new RuleError('malformed_message');
  const op = readNumber(frame.op);
  const name = op === null ? undefined : nameByOp.get(op);
  if (op === null || name === undefined) throw new RuleError('unknown_op');
  return { name: meantOp(name, frame), op, rid: readRid(frame.header), message: frame };
}

/** The op number of a frame that could not be used, for the `op` of its 666; null when it has none. */
export function opOf(frame: unknown): number | null {
  const op = isRecord(frame) ? readNumber(frame.op) : null;
  return Number.isInteger(op) ? op : null;
}

/** `header.rid` of any frame, so that errors echo it too (WC2). */
export function ridOf(frame: unknown): string | number | undefined {
  return isRecord(frame) ? readRid(frame.header) : undefined;
}

function meantOp(name: OpName, frame: Readonly<Record<string, unknown>>): OpName {
  if (name === 'update_game_details') {
    const changes = ['actions', 'targets', 'image_url'];
    return changes.some((field) => Object.hasOwn(frame, field)) ? name : 'get_game_details';
  }
  if (name === 'get_user_tailored_leaderboard' && !isUnset(frame.game_id)) {
    return 'get_user_tailored_leaderboard_for_game';
  }
  return name;
}

function readRid(header: unknown): string | number | undefined {
  const rid = isRecord(header) ? header.rid : undefined;
  return typeof rid === 'string' || typeof rid === 'number' ? rid : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
