import { isDeepStrictEqual } from 'node:util';
import type { Queryable } from '../../../platform/database/types.ts';
import { RESOLVER_CONSUMER } from '../service/progress.ts';
import {
  type Ending,
  endingOf,
  type ModelBet,
  type ModelClose,
  type ModelEvent,
  type Share,
  sharesOf,
} from './model.ts';
import { type GameRecord, readGameRecord, type StoredPool } from './record.ts';

/** What the platform promises of its log and its consumers, at rest. Each query gives a row per breach. */
const AT_REST: Readonly<Record<string, string>> = {
  'seq of a topic is gapless (PF-20)': `
    select t.topic as subject from topics t
      left join (select topic, count(*) as n, min(seq) as first, max(seq) as last from events group by topic) e using (topic)
    where t.seq <> coalesce(e.n, 0) or t.seq <> coalesce(e.last, 0) or coalesce(e.first, 1) <> 1`,
  'the Resolver is through with every log (RS4)': `
    select t.topic as subject from topics t left join consumer_positions p on p.topic = t.topic and p.consumer = '${RESOLVER_CONSUMER}'
    where starts_with(t.topic, 'predictions/events/') and p.seq is distinct from t.seq`,
  'every registered event is in its log (RS2)': `
    select e.id::text as subject from predictions_events e
    where not exists (select from events l where l.topic = 'predictions/events/' || e.game_id and l.data ->> 'event_id' = e.id::text)`,
  'nothing is parked (RS13)': `
    select topic as subject from consumer_positions where parked_at is not null
    union all select kind || ' ' || key from timers where parked_at is not null
    union all select id::text from predictions_pools where parked_at is not null`,
  'recreated pools were announced (EV8)': `select id::text as subject from predictions_pools where not is_announced`,
  'no timer is left behind': `
    select t.kind || ' ' || t.key as subject from timers t join predictions_pools p on p.id::text = t.key
    where starts_with(t.kind, 'predictions.pool.') and p.state <> 'open'
    union all
    select t.kind || ' ' || t.key from timers t join predictions_games g on t.stream = 'predictions/events/' || g.id where g.state = 'closed'`,
};

export interface AuditOptions {
  graceMs: number;
  now: number;
}

/** Compares everything that is stored and told with the independent model, at rest. Returns what is wrong. */
export async function audit(database: Queryable, options: AuditOptions): Promise<string[]> {
  const faults: string[] = [];
  for (const [rule, sql] of Object.entries(AT_REST)) {
    const rows = await database.query<{ subject: string }>(sql);
    faults.push(...rows.map((row) => `${rule}: ${row.subject}`));
  }
  const games = await database.query<{ id: string }>('select id from predictions_games order by created_at, id');
  for (const { id } of games) faults.push(...auditGame(await readGameRecord(database, id), options));
  return faults;
}

function auditGame(record: GameRecord, options: AuditOptions): string[] {
  const events = eventsOf(record);
  const closes = closesOf(record);
  const faults = record.pools.flatMap((pool) => {
    const bets = record.bets.get(pool.id) ?? [];
    const expected = endingOf(pool, { events, closes }, options);
    const found = [
      ...endingFaults(pool, expected),
      ...betFaults(record, pool, bets),
      ...blockFaults(record, pool, bets),
      ...(pool.state === 'open' ? openFaults(record, pool, bets) : settlementFaults(record, pool, bets)),
      ...successorFaults(record, pool, closes),
    ];
    return found.map((fault) => `pool ${pool.id} of game ${record.game.id}: ${fault}`);
  });
  const told = record.messages.filter((message) => message.type === 'game.closed').length;
  if (told !== Number(record.game.state === 'closed')) faults.push(`game ${record.game.id}: 341 told ${told} times`);
  return faults;
}

function eventsOf(record: GameRecord): ModelEvent[] {
  const places = new Map(record.resolverLog.map((entry) => [entry.data.event_id, entry]));
  return record.events.map((event) => ({ ...event, seq: places.get(event.id)!.seq, at: places.get(event.id)!.at }));
}

function closesOf({ game, resolverLog, sourceMessages }: GameRecord): ModelClose[] {
  const openedAt = game.isCreatedOpened
    ? 0
    : (sourceMessages.find((message) => message.type === 'game.opened')?.at ?? Number.POSITIVE_INFINITY);
  const requests = resolverLog.filter((entry) => entry.type === 'close.requested');
  const closes = requests.map((entry) => ({
    seq: entry.seq,
    at: entry.at,
    isForced: entry.data.force === true,
    isOfUnopened: openedAt > entry.at,
  }));
  if (game.closeAt === null) return closes;
  return [
    ...closes,
    { seq: Number.POSITIVE_INFINITY, at: game.closeAt, isForced: false, isOfUnopened: openedAt > game.closeAt },
  ];
}

function endingFaults(pool: StoredPool, expected: Ending): string[] {
  const found: Ending = {
    state: pool.state,
    winner: pool.winner,
    lateFrom: pool.lateFrom,
    decidedBy: pool.decidedBy,
    expiredAt: pool.expiredAt,
  };
  return isDeepStrictEqual(found, expected)
    ? []
    : [`ended as ${JSON.stringify(found)}, not as ${JSON.stringify(expected)}`];
}

/** PL5, BT4, BT5. */
function betFaults({ game }: GameRecord, pool: StoredPool, bets: readonly ModelBet[]): string[] {
  const faults: string[] = [];
  const targets = new Map<string, string>();
  bets.forEach((bet, i) => {
    if (bet.seq !== i + 1) faults.push(`bet ${i + 1} has seq ${bet.seq}`);
    if (i > 0 && bet.placedAt < bets[i - 1]!.placedAt) faults.push(`placed_at of bet ${bet.seq} goes back`);
    if (bet.placedAt < pool.startAt) faults.push(`bet ${bet.seq} is older than the pool`);
    const lastAt = Math.min(pool.finishAt ?? Number.POSITIVE_INFINITY, pool.stopAt ?? Number.POSITIVE_INFINITY);
    if (bet.placedAt > (game.closeAt ?? Number.POSITIVE_INFINITY))
      faults.push(`bet ${bet.seq} came after the game's close_at`);
    if (bet.placedAt >= lastAt) faults.push(`bet ${bet.seq} came after the pool stopped accepting`);
    if (pool.resolvedAt !== null && bet.placedAt > pool.resolvedAt)
      faults.push(`bet ${bet.seq} came after the resolution`);
    if ((targets.get(bet.userId) ?? bet.targetId) !== bet.targetId) faults.push(`${bet.userId} backs two targets`);
    targets.set(bet.userId, bet.targetId);
  });
  return faults;
}

/** PL5-PL7: no bet between a block and the allow that follows it, by the times that were told. */
function blockFaults(record: GameRecord, pool: StoredPool, bets: readonly ModelBet[]): string[] {
  const faults: string[] = [];
  let blockedAt: number | null = null;
  for (const { type, body } of record.messages) {
    if (body.pool_id !== pool.id) continue;
    if (type === 'pool.created' && body.is_blocked === true) blockedAt = pool.startAt;
    if (type === 'pool.blocked') blockedAt = Number(body.blocked_at);
    if (type !== 'pool.allowed' || blockedAt === null) continue;
    const [from, to] = [blockedAt, Number(body.allowed_at)];
    const within = bets.filter((bet) => bet.placedAt > from && bet.placedAt < to);
    faults.push(...within.map((bet) => `bet ${bet.seq} was placed while blocked`));
    blockedAt = null;
  }
  return faults;
}

function openFaults(record: GameRecord, pool: StoredPool, bets: readonly ModelBet[]): string[] {
  const told = record.messages.filter((message) => message.body.pool_id === pool.id);
  const faults: string[] = [];
  if (told.some((message) => isResult(message.type))) faults.push('a result was told of an unresolved pool');
  let isBlocked = false;
  let isHot = false;
  let total = 0;
  for (const { type, body } of told) {
    if (type === 'pool.created') [isBlocked, isHot] = [body.is_blocked === true, body.is_hot === true];
    if (type === 'pool.blocked' || type === 'pool.allowed') isBlocked = type === 'pool.blocked';
    if (type === 'pool.hot') isHot = body.is_hot === true;
    if (type === 'bets.placed') total = Number(body.amount_total);
  }
  if (isBlocked !== pool.isBlocked) faults.push(`told as ${isBlocked ? '' : 'not '}blocked`);
  if (isHot !== pool.isHot) faults.push(`told as ${isHot ? '' : 'not '}hot`);
  if (total !== inUnits(bets.reduce((all, bet) => all + bet.amount, 0n))) faults.push(`told with ${total} at stake`);
  if (told.filter((message) => message.type === 'pool.created').length !== 1) faults.push('352 was not told once');
  return faults;
}

function settlementFaults(record: GameRecord, pool: StoredPool, bets: readonly ModelBet[]): string[] {
  const { isMoneyReturn, shares } = sharesOf(bets, pool);
  const told = record.messages.filter((message) => message.body.pool_id === pool.id && isResult(message.type));
  if (told.length !== 1) return [`its result was told ${told.length} times`];
  const faults: string[] = [];
  const body = bodyOf(record, pool, isMoneyReturn, shares);
  if (told[0]!.type !== (pool.state === 'expired' ? 'pool.expired' : 'pool.resolved'))
    faults.push(`told as ${told[0]!.type}`);
  if (!isDeepStrictEqual(normal(told[0]!.body), normal(body)))
    faults.push(`told ${JSON.stringify(told[0]!.body)}, not ${JSON.stringify(body)}`);
  for (const [userId, share] of shares) {
    const credit = share.payout + share.returned;
    const expected = { release: share.stake + share.late, credit: credit === 0n ? undefined : credit };
    const lines = record.ledger.get(`${pool.id}/${userId}`);
    if (lines?.release !== expected.release || lines.credit !== expected.credit) {
      faults.push(`${userId} was paid ${lines?.credit}, not ${expected.credit}`);
    }
  }
  return faults;
}

function bodyOf(record: GameRecord, pool: StoredPool, isMoneyReturn: boolean, shares: ReadonlyMap<string, Share>) {
  const decided = [...shares].filter(([, share]) => !isMoneyReturn && share.stake > 0n);
  const entries = (isWinner: boolean) => decided.filter(([, share]) => share.isWinner === isWinner);
  return {
    pool_id: pool.id,
    game_id: record.game.id,
    description: pool.description,
    winning_target: pool.winner,
    winners: Object.fromEntries(entries(true).map(([userId, share]) => [userId, inUnits(share.payout - share.stake)])),
    losers: Object.fromEntries(entries(false).map(([userId, share]) => [userId, inUnits(share.stake)])),
    invalidated_bettors: [...shares].filter(([, share]) => share.late > 0n).map(([userId]) => userId),
    is_money_return: isMoneyReturn,
    resolved_at: pool.resolvedAt,
    ...(pool.state === 'expired' ? { expired_at: pool.expiredAt } : {}),
  };
}

/** PL11: exactly one successor, unless the pool ended by or after a close. */
function successorFaults(record: GameRecord, pool: StoredPool, closes: readonly ModelClose[]): string[] {
  const successors = record.pools.filter((other) => other.recreatedFrom === pool.id);
  const mayHave = pool.recreateOnEnd && (pool.state === 'expired' || pool.decidedBy !== null);
  if (successors.length > Number(mayHave)) return [`it has ${successors.length} successors`];
  if (!mayHave || successors.length === 1) return successors.flatMap((successor) => shiftFaults(pool, successor));
  const wasClosed = closes.some((close) => close.at <= pool.resolvedAt!);
  return wasClosed ? [] : ['it was not recreated'];
}

function shiftFaults(pool: StoredPool, successor: StoredPool): string[] {
  const shiftMs = pool.resolvedAt! - pool.startAt;
  const shifted = (at: number | null) => (at === null ? null : at + shiftMs);
  const isRight =
    successor.startAt === pool.resolvedAt &&
    successor.finishAt === shifted(pool.finishAt) &&
    successor.stopAt === shifted(pool.stopAt);
  return isRight && successor.type === pool.type && isDeepStrictEqual(successor.targetIds, pool.targetIds)
    ? []
    : ['its successor asks something else'];
}

function isResult(type: string): boolean {
  return type === 'pool.resolved' || type === 'pool.expired';
}

function inUnits(cents: bigint): number {
  return Number(cents) / 100;
}

function normal(body: Readonly<Record<string, unknown>>): unknown {
  return { ...body, invalidated_bettors: [...(body.invalidated_bettors as string[])].sort() };
}
