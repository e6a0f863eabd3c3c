/** What a stake would bring, before it is placed. Amounts are integer hundredths. */
export interface PayoutPreview {
  /** What comes back for the whole position on this target, own stake included, if it were decided now. */
  returnCents: bigint;
  /** `returnCents` less everything staked on this target. */
  netCents: bigint;
  /** Return per unit staked, own stake counted in. */
  multiplier: number;
}

export interface PoolMoney {
  /** All money in the pool. */
  totalCents: bigint;
  /** Money on the chosen target. */
  backingCents: bigint;
  /** Own money already on it. */
  ownCents: bigint;
}

/**
 * Payout of `amountCents` more on a target as PO3 would give it, with the new stake counted in: floor(T·s / S).
 * Left-over units (PO4) are not counted, so the true payout may be 0.01 higher.
 */
export function previewPayout(pool: PoolMoney, amountCents: bigint): PayoutPreview {
  const total = pool.totalCents + amountCents;
  const backing = pool.backingCents + amountCents;
  const stake = pool.ownCents + amountCents;
  if (backing === 0n) return { returnCents: 0n, netCents: 0n, multiplier: 1 };
  const returnCents = (total * stake) / backing;
  return { returnCents, netCents: returnCents - stake, multiplier: Number((total * 10_000n) / backing) / 10_000 };
}

/** Money as it is on the wire (two decimals) in hundredths. */
export function toCents(amount: number): bigint {
  return BigInt(Math.round(amount * 100));
}

/** Hundredths as a number for the wire. */
export function fromCents(cents: bigint): number {
  return Number(cents) / 100;
}

/**
 * An amount as a person types it (`12`, `12.5`, `12,50`).
 * @returns hundredths, or `undefined` when it is no amount above 0 with at most two decimals (BT3)
 */
export function parseAmount(typed: string): bigint | undefined {
  const match = /^(\d{1,12})(?:[.,](\d{1,2}))?$/.exec(typed.trim());
  if (match === null) return undefined;
  const cents = BigInt(match[1]!) * 100n + BigInt((match[2] ?? '').padEnd(2, '0'));
  return cents > 0n ? cents : undefined;
}
