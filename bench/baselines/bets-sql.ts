import type pg from 'pg';

/** What one bet needs, for both baselines. */
export interface BaselineBet {
  poolId: string;
  accountId: string;
  target: number;
  targetId: string;
  amount: bigint;
}

/**
 * Baseline 1: one transaction a bet with row locks, as a careful programmer writes it: lock pool, lock balance, check, insert bet, position and ledger
 * line, update balance and pool, append the event, commit. Same tables, same durability.
 */
export async function placeByTransaction(client: pg.PoolClient, bet: BaselineBet): Promise<void> {
  await client.query('begin');
  const { rows: pools } = await client.query(
    `select p.state, p.is_blocked, p.next_bet_seq, p.participants, p.money, p.people, g.state as game_state, g.currency
     from predictions_pools p join predictions_games g on g.id = p.game_id where p.id = $1 for update of p`,
    [bet.poolId],
  );
  const pool = pools[0] as {
    state: string;
    is_blocked: boolean;
    next_bet_seq: string;
    game_state: string;
    currency: string;
  };
  const { rows: balances } = await client.query(
    'select available from predictions_balances where account_id = $1 and currency = $2 for update',
    [bet.accountId, pool.currency],
  );
  const { rows: positions } = await client.query(
    'select target_id from predictions_positions where pool_id = $1 and account_id = $2',
    [bet.poolId, bet.accountId],
  );
  const position = positions[0] as { target_id: string } | undefined;
  const refused =
    pool.state !== 'open' ||
    pool.is_blocked ||
    pool.game_state !== 'opened' ||
    (position !== undefined && position.target_id !== bet.targetId) ||
    BigInt((balances[0] as { available: bigint }).available) < bet.amount;
  if (refused) {
    await client.query('rollback');
    return;
  }
  const now = Date.now();
  await client.query(
    'insert into predictions_bets (pool_id, seq, id, account_id, target_id, amount, placed_at) values ($1, $2, gen_random_uuid(), $3, $4, $5, $6)',
    [bet.poolId, pool.next_bet_seq, bet.accountId, bet.targetId, bet.amount, now],
  );
  await client.query(
    `insert into predictions_positions as p (pool_id, account_id, target_id, amount, first_placed_at) values ($1, $2, $3, $4, $5)
     on conflict (pool_id, account_id) do update set amount = p.amount + excluded.amount`,
    [bet.poolId, bet.accountId, bet.targetId, bet.amount, now],
  );
  await client.query(
    `insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount) values ($1, 'stake', $2, $3, $4, $5)`,
    [now, bet.accountId, pool.currency, bet.poolId, bet.amount],
  );
  await client.query(
    'update predictions_balances set available = available - $3, exposure = exposure + $3 where account_id = $1 and currency = $2',
    [bet.accountId, pool.currency, bet.amount],
  );
  await client.query(
    `update predictions_pools set money[$2::int] = money[$2::int] + $3, people[$2::int] = people[$2::int] + $4, participants = participants + $4,
       next_bet_seq = next_bet_seq + 1, last_placed_at = $5 where id = $1`,
    [bet.poolId, bet.target + 1, bet.amount, position ? 0 : 1, now],
  );
  await client.query(
    `select * from append_events(array[$1], array['bets.placed'], array[null]::text[], array['{}'], $2, gen_random_uuid())`,
    [`baseline/${bet.poolId}`, now],
  );
  await client.query('commit');
}

/** Baseline 2: the same as one stored function a bet: one round trip, one transaction. */
export const PLACE_FUNCTION = `
create or replace function baseline_place(_pool uuid, _account uuid, _target int, _target_id text, _amount bigint, _now bigint) returns boolean language plpgsql as $$
declare _p record; _available bigint; _position text;
begin
  select p.state, p.is_blocked, p.next_bet_seq, g.state as game_state, g.currency into _p
    from predictions_pools p join predictions_games g on g.id = p.game_id where p.id = _pool for update of p;
  select available into _available from predictions_balances where account_id = _account and currency = _p.currency for update;
  select target_id into _position from predictions_positions where pool_id = _pool and account_id = _account;
  if _p.state <> 'open' or _p.is_blocked or _p.game_state <> 'opened' or _available < _amount or (_position is not null and _position <> _target_id) then
    return false;
  end if;
  insert into predictions_bets (pool_id, seq, id, account_id, target_id, amount, placed_at)
    values (_pool, _p.next_bet_seq, gen_random_uuid(), _account, _target_id, _amount, _now);
  insert into predictions_positions as p (pool_id, account_id, target_id, amount, first_placed_at) values (_pool, _account, _target_id, _amount, _now)
    on conflict (pool_id, account_id) do update set amount = p.amount + excluded.amount;
  insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount) values (_now, 'stake', _account, _p.currency, _pool, _amount);
  update predictions_balances set available = available - _amount, exposure = exposure + _amount where account_id = _account and currency = _p.currency;
  update predictions_pools set money[_target + 1] = money[_target + 1] + _amount,
    people[_target + 1] = people[_target + 1] + case when _position is null then 1 else 0 end,
    participants = participants + case when _position is null then 1 else 0 end, next_bet_seq = next_bet_seq + 1, last_placed_at = _now where id = _pool;
  perform append_events(array['baseline/' || _pool], array['bets.placed'], array[null]::text[], array['{}'], _now, gen_random_uuid());
  return true;
end $$`;

export async function placeByFunction(client: pg.PoolClient, bet: BaselineBet): Promise<void> {
  await client.query('select baseline_place($1, $2, $3, $4, $5, $6)', [
    bet.poolId,
    bet.accountId,
    bet.target,
    bet.targetId,
    bet.amount,
    Date.now(),
  ]);
}
