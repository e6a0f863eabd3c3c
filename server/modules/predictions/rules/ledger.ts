import type { UserSettlement } from './payout.ts';

/** Where money can be: handed out by the house, free, or in unresolved pools (1.3). */
export type LedgerAccount = 'grants' | 'available' | 'exposure';

/** One line of the double-entry ledger, in hundredths; the lines of one booking add up to 0 (BT8). */
export type LedgerLine = { readonly account: LedgerAccount; readonly userId: string; readonly amount: bigint };

/** A new player's money: what he has, the house gave (BT8). */
export function grantLines(userId: string, amount: bigint): LedgerLine[] {
  return [
    { account: 'grants', userId, amount: -amount },
    { account: 'available', userId, amount },
  ];
}

/** A bet: from available to exposure, current unchanged (BT2). */
export function betLines(userId: string, amount: bigint): LedgerLine[] {
  return [
    { account: 'available', userId, amount: -amount },
    { account: 'exposure', userId, amount },
  ];
}

/** A settled pool: all exposure cleared, payouts and returns credited (PO11). By PO5 the lines add up to 0 over the pool. */
export function settlementLines(users: readonly UserSettlement[]): LedgerLine[] {
  return users.flatMap(({ userId, released, credited }) => [
    { account: 'exposure', userId, amount: -released },
    ...(credited === 0n ? [] : [{ account: 'available' as const, userId, amount: credited }]),
  ]);
}
