/** A pool's money as multipliers see it, in hundredths. */
export type PoolMoney = { readonly total: bigint; readonly onTarget: bigint };

/** What decided a pool: its winner and the money on it, or a money return. */
export type Verdict = { readonly winningTarget: string | null; readonly isMoneyReturn: boolean };

const DECIMALS = 10_000n;

/** `to_win_if_backed` of a target of an open pool: T / money on it, cut to 4 decimals; 1 when nobody backs it (PO9). */
export function openMultiplier({ total, onTarget }: PoolMoney): number {
  return onTarget === 0n ? 1 : Number((total * DECIMALS) / onTarget) / Number(DECIMALS);
}

/** `to_win_if_backed` of a target of a decided pool: T/S for the winner, 0 for others, 1 on money return (PO10). */
export function decidedMultiplier(targetId: string, money: PoolMoney, verdict: Verdict): number {
  if (verdict.isMoneyReturn) return 1;
  return targetId === verdict.winningTarget ? openMultiplier(money) : 0;
}
