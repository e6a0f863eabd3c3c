import { RuleError } from './errors.ts';

/** Why a value is not an amount of money; all of them are 6621 on the wire. */
export type AmountFault = 'not_a_number' | 'too_precise' | 'not_positive' | 'too_large';

export type AmountReading =
  | { readonly ok: true; readonly amount: bigint }
  | { readonly ok: false; readonly fault: AmountFault };

/** What an operator set as `min_bet` and `max_bet`, in hundredths; null = no upper limit. */
export type AmountLimits = { readonly minBet: bigint; readonly maxBet: bigint | null };

/** Largest amount taken in, in hundredths: with 15 digits a JSON number still shows every hundredth exactly. */
export const LARGEST_AMOUNT = 10n ** 15n - 1n;

const PLAIN_DECIMAL = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Reads money from the wire (WC5): a number or a numeric string, at most two decimals, above 0. Works on the decimal
 * digits, never on floats, so 9000000003.00 is exact and 1.005 is refused. So is whatever JavaScript writes with an
 * exponent.
 */
export function readAmount(value: unknown): AmountReading {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : '';
  const match = PLAIN_DECIMAL.exec(text);
  if (match === null) return { ok: false, fault: 'not_a_number' };
  const [, sign = '', whole = '', decimals = ''] = match;
  if (decimals.length > 2) return { ok: false, fault: 'too_precise' };
  const amount = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0'));
  if (sign === '-' || amount === 0n) return { ok: false, fault: 'not_positive' };
  if (amount > LARGEST_AMOUNT) return { ok: false, fault: 'too_large' };
  return { ok: true, amount };
}

/** Reads a stake in hundredths and holds it against the limits. Throws 6621 (`amount_invalid`). */
export function parseStake(value: unknown, limits: AmountLimits): bigint {
  const reading = readAmount(value);
  if (!reading.ok) throw new RuleError('amount_invalid', { reason: reading.fault });
  if (reading.amount < limits.minBet) throw new RuleError('amount_invalid', { reason: 'below_minimum' });
  if (limits.maxBet !== null && reading.amount > limits.maxBet) {
    throw new RuleError('amount_invalid', { reason: 'above_maximum' });
  }
  return reading.amount;
}

/** Hundredths as the JSON number of the wire, at most two decimals (WC5). Exact up to 15 digits. */
export function moneyOut(hundredths: bigint): number {
  return Number(hundredths) / 100;
}

/** ⌊a / b⌋ for b > 0, also for negative a (bigint division alone cuts towards zero). */
export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** a / b rounded to whole units, halves towards +∞ (ST3–ST5), for b > 0. */
export function divideHalfUp(a: bigint, b: bigint): bigint {
  return floorDivide(2n * a + b, 2n * b);
}
