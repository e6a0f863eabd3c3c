import {
  type Backing,
  type Backings,
  type DistributionShape,
  distributionShape,
  type ShownBets,
} from './rules/distribution.ts';
import type { Verdict } from './rules/multiplier.ts';
import { type PoolFacts, type PoolShape, poolShape as shapeOfPool } from './rules/pool-shapes.ts';
import type { StoredPool } from './service/store.ts';

/** Shapes of section 4.3 made from stored pools; the shapes themselves are rules. */

/** Backing of every target of a pool. */
export function backingsOf(pool: Pick<StoredPool, 'targets' | 'money' | 'people'>): Backings {
  return new Map(
    pool.targets.map((target, i): [string, Backing] => [
      target.targetId,
      { people: pool.people[i]!, money: pool.money[i]! },
    ]),
  );
}

/** Distribution of a pool; with bets where `shown` gives them. */
export function poolDistribution(
  pool: StoredPool,
  shown?: ReadonlyMap<string, ShownBets>,
  legacySeconds = false,
): DistributionShape[] {
  return distributionShape(pool, backingsOf(pool), { verdict: verdictOf(pool), shown, legacySeconds });
}

/** Shape "Pool" (4.3). */
export function poolShape(pool: StoredPool, facts: Omit<PoolFacts, 'backings' | 'verdict'>): PoolShape {
  return shapeOfPool(pool, { ...facts, backings: backingsOf(pool), verdict: verdictOf(pool) });
}

/** How a decided pool ended, for its multipliers (PO10); undefined while it is open. */
function verdictOf(pool: StoredPool): Verdict | undefined {
  return pool.state === 'open'
    ? undefined
    : { winningTarget: pool.winningTarget, isMoneyReturn: pool.isMoneyReturn ?? true };
}
