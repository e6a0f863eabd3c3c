import { invalidParameter } from './errors.ts';
import { readInteger } from './input.ts';
import type { PoolType } from './types.ts';

/** Yes/no pools, resolved by hand (types 3, 4). */
export function isBinary(type: PoolType): boolean {
  return type === 3 || type === 4;
}

/** Pools that end by themselves at `finish_at` (types 2, 4). */
export function isTimed(type: PoolType): boolean {
  return type === 2 || type === 4;
}

/** Reads a pool type; 1 when unset (op 385). Throws 6607. */
export function readPoolType(value: unknown): PoolType {
  const type = readInteger(value, 'type', 1, 4) ?? 1;
  if (type === 1 || type === 2 || type === 3 || type === 4) return type;
  throw invalidParameter('type');
}
