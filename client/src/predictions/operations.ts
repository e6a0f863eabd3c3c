import type { AnyMessage, Message, ResponseCode } from './messages.ts';
import type { PoolType } from './shapes.ts';

/** Epoch milliseconds, or `null` for unset. */
type Time = number | null;

interface OneGame {
  game_id: string;
}

interface NewGame {
  source_id: string;
  game_name: string;
  type: string;
  actions?: string[];
  targets?: string[];
  open_at?: Time;
  close_at?: Time;
  live_start_at?: Time;
  live_finish_at?: Time;
  currency?: string;
  hashtag?: string;
  image_url?: string | null;
}

interface Range {
  game_type?: string;
  currency?: string;
  start?: number;
  end?: number;
}

interface Tailored {
  game_type?: string;
  currency?: string;
  top_count?: number;
  surrounding_count?: number;
  bottom_count?: number;
}

interface ActionOfGame extends OneGame {
  action_id: string;
}

/** Parameters of each operation of predictions 4.2. */
export interface OperationParams {
  1: object;
  2: object;
  100: object;
  363: OneGame;
  364: OneGame;
  365: { source_name: string; description?: string | null };
  366: { source_id: string; force?: boolean };
  370: NewGame;
  372: OneGame;
  373: OneGame & { actions?: string[]; targets?: string[]; image_url?: string | null };
  375: OneGame & { force?: boolean };
  380: { source_id: string };
  385: OneGame & {
    description: string;
    action_id?: string;
    targets?: string[];
    type?: PoolType;
    finish_at?: Time;
    stop_accepting_bets_at?: Time;
    recreate_on_end?: boolean;
    is_blocked?: boolean;
    is_hot?: boolean;
  };
  387: OneGame;
  388: OneGame;
  389: OneGame;
  390: OneGame;
  392: { pool_id: string; target: string; amount: number; client_ref?: string };
  393: { pool_id: string };
  395: OneGame & {
    action_id: string;
    target_id: string;
    happened_at?: Time;
    description?: string;
    event_id?: string;
    pool_id?: string;
  };
  396: { pool_id: string; likely_to_happen_at?: Time; hot?: boolean };
  397: { pool_id: string; block_at?: Time };
  398: { pool_id: string; allow_at?: Time };
  450: Range;
  451: OneGame & Range;
  452: Range;
  453: OneGame & Range;
  454: { source_id: string } & Range;
  460: { pool_id: string; is_resolved?: boolean };
  461: OneGame;
  610: object;
  611: object;
  616: OneGame;
  617: OneGame & { username: string };
  800: { currency?: string };
  810: { currency?: string };
  840: { currency?: string };
  900: { text: string; targets?: string | string[] | null };
  3701: NewGame;
  3702: OneGame & { actions?: string[]; targets?: string[] };
  3811: { source_id: string };
  3961: ActionOfGame & { target_id: string; likely_to_happen_at?: Time };
  3975: ActionOfGame & { block_at?: Time };
  3985: ActionOfGame & { allow_at?: Time };
  4505: Tailored;
  4515: OneGame & Tailored;
  4516: { source_id: string } & Range;
  4517: { source_id: string } & Tailored;
}

export type Operation = keyof OperationParams;

/** Direct answers of each operation (column "Direct" of 4.2), besides 666. */
export const ANSWERS = {
  1: [1],
  2: [2],
  100: [100, 110, 112],
  363: [333],
  364: [334],
  365: [335],
  366: [336],
  370: [340],
  372: [342],
  373: [343],
  375: [341],
  380: [345],
  385: [350],
  387: [3535],
  388: [353],
  389: [354],
  390: [355],
  392: [356],
  393: [360],
  395: [366],
  396: [367],
  397: [368],
  398: [369],
  450: [450],
  451: [451],
  452: [452],
  453: [453],
  454: [454],
  460: [460],
  461: [461],
  610: [620],
  611: [621],
  616: [640, 645],
  617: [617],
  800: [800],
  810: [810],
  840: [840],
  900: [901],
  3701: [3401],
  3702: [3402],
  3811: [3461],
  3961: [367],
  3975: [370],
  3985: [371],
  4505: [4505],
  4515: [4515],
  4516: [4516],
  4517: [4517],
} as const satisfies Record<Operation, readonly ResponseCode[]>;

/** Operations that change nothing, and joining, which may be repeated (GM14): sent again after a reconnect. */
export const REPEATABLE: ReadonlySet<Operation> = new Set<Operation>([
  1, 2, 363, 372, 380, 387, 388, 389, 390, 393, 450, 451, 452, 453, 454, 460, 461, 610, 611, 800, 810, 840, 3811, 4505,
  4515, 4516, 4517,
]);

type AnswerCode<Op extends Operation> = (typeof ANSWERS)[Op][number];

/** The answer's message; with several possible codes a union told apart by `res`. */
export type Answer<Op extends Operation> = { [Code in AnswerCode<Op>]: Message<Code> }[AnswerCode<Op>];

/** Whether `message` has a code that `op` is answered with. */
export function isAnswerOf<Op extends Operation>(op: Op, message: AnyMessage): message is AnyMessage & Answer<Op> {
  const codes: readonly number[] = ANSWERS[op];
  return codes.includes(message.res);
}
