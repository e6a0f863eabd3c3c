/** What holds of the messages at every commit; each query gives a row per breach. Money is `findBreaches`'s. */
export const TOLD: Readonly<Record<string, string>> = {
  'each settled pool is told once': `
    select data -> 'body' ->> 'pool_id' as pool from events where type in ('pool.resolved', 'pool.expired') group by pool having count(*) > 1`,
};

/** What holds besides when nothing is under way. */
export const AT_REST: Readonly<Record<string, string>> = {
  'recreated pools were announced (EV8)': 'select id from predictions_pools where not is_announced',
  'no step failed': `
    select topic, error from consumer_positions where failures > 0 or parked_at is not null
    union all select kind, error from timers where failures > 0
    union all select id::text, parked_reason from predictions_pools where parked_at is not null`,
};
