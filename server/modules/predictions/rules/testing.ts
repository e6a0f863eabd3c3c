import { type ErrorDetails, RuleError, type RuleErrorName } from './errors.ts';
import { readAmount } from './money.ts';
import { addTargets } from './targets.ts';
import type { Bet, Game, Pool } from './types.ts';

/** Targets of the behaviours to check: chile with 11 and 7, peru with 4. */
export const matchTargets = addTargets([], ['Chile:11', 'Chile:7', 'Peru:4']);

/** Hundredths of an amount written as in the contract. */
export function money(text: string): bigint {
  const reading = readAmount(text);
  if (!reading.ok) throw new Error(`${text} is no amount: ${reading.fault}`);
  return reading.amount;
}

/** An open pool of type 1 on chile, peru and none, created at 0. */
export function aPool(changes: Partial<Pool> = {}): Pool {
  return {
    poolId: 'pool-1',
    gameId: 'game-1',
    description: 'Next goal?',
    type: 1,
    actionId: 'goal',
    targets: [
      { targetId: 'chile', displayName: 'Chile' },
      { targetId: 'peru', displayName: 'Peru' },
      { targetId: 'none', displayName: 'None' },
    ],
    targetLevel: 1,
    recreateOnEnd: false,
    state: 'open',
    startAt: 0,
    finishAt: null,
    stopAcceptingBetsAt: null,
    isBlocked: false,
    blockedAt: null,
    allowedAt: null,
    pendingBlockAt: null,
    pendingAllowAt: null,
    isHot: false,
    recreatedFrom: null,
    logSeq: 1,
    ...changes,
  };
}

/** An opened game since 0, live since 0. */
export function aGame(changes: Partial<Game> = {}): Game {
  return { gameId: 'game-1', state: 'opened', openAt: 0, liveStartAt: 0, closeAt: null, currency: 'DON', ...changes };
}

/** Bets in order of registration, one a line: user, amount, target, and the time it was placed (else 0). */
export function betsOf(...lines: string[]): Bet[] {
  return lines.map((line, index) => {
    const [userId = '', amount = '', targetId = '', placedAt = '0'] = line.split(' ');
    return { betId: `bet-${index}`, userId, targetId, amount: money(amount), placedAt: Number(placedAt), seq: index };
  });
}

/** Asserts that a call breaks this rule, with these details when given. */
export function assertRule(call: () => unknown, error: RuleErrorName, details?: ErrorDetails): void {
  const broken = ruleBrokenBy(call);
  if (broken?.error !== error) throw new Error(`expected ${error}, got ${broken?.error ?? 'no error'}`);
  const [expected, actual] = [JSON.stringify(details), JSON.stringify(broken.details)];
  if (details !== undefined && expected !== actual) throw new Error(`expected details ${expected}, got ${actual}`);
}

function ruleBrokenBy(call: () => unknown): RuleError | undefined {
  try {
    call();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RuleError) return thrown;
    throw thrown;
  }
}
