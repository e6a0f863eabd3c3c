-- The installation, its event log, consumers, timers and leases. Instants are epoch milliseconds.

create table installation (
  singleton boolean primary key default true check (singleton),
  epoch uuid not null,
  created_at bigint not null
);

-- One row a topic: the lock that gives `seq` its order (PF-20).
create table topics (
  topic text collate "C" primary key,
  seq bigint not null default 0,
  last_at bigint not null default 0
) with (fillfactor = 60);

-- Dropped by whole partitions of time (DESIGN M8); `at` is in the key because a partition key must be.
create table events (
  topic text collate "C" not null,
  seq bigint not null,
  at bigint not null,
  type text not null,
  actor text,
  data json not null,
  primary key (topic, seq, at)
) partition by range (at);
create table events_default partition of events default;

-- A transaction that changed something leaves its id, so that a connection lost at COMMIT can be looked up (DESIGN M2). Swept after minutes.
create table commits (
  id uuid primary key,
  at bigint not null
);

-- Appends events in one statement, the last before commit (DESIGN M3): locks the topics in order, then numbers the events.
create function append_events(_topics text[], _types text[], _actors text[], _datas text[], _now bigint, _commit uuid)
returns table (ord bigint, seq bigint, at bigint) language plpgsql as $$
begin
  insert into commits (id, at) values (_commit, _now);
  insert into topics (topic) select distinct u.topic collate "C" from unnest(_topics) as u(topic) order by 1
    on conflict do nothing;
  perform 1 from topics t where t.topic = any (_topics) order by t.topic for update;
  return query
  with input as (
    select u.ord, u.topic, u.type, u.actor, u.data,
           row_number() over (partition by u.topic order by u.ord) as nth
    from unnest(_topics, _types, _actors, _datas) with ordinality as u(topic, type, actor, data, ord)
  ), advanced as (
    update topics t set seq = t.seq + c.n, last_at = greatest(t.last_at, _now)
    from (select i.topic, count(*) as n from input i group by i.topic) c
    where t.topic = c.topic
    returning t.topic, t.seq - c.n as base, t.last_at
  ), written as (
    insert into events (topic, seq, at, type, actor, data)
    select i.topic, a.base + i.nth, a.last_at, i.type, i.actor, i.data::json
    from input i join advanced a on a.topic = i.topic
  )
  select i.ord, a.base + i.nth, a.last_at from input i join advanced a on a.topic = i.topic order by i.ord;
end $$;

-- Where each durable consumer stands in each topic (DESIGN M6); `fence` is the number of the lease that may move it.
create table consumer_positions (
  consumer text collate "C" not null,
  topic text collate "C" not null,
  seq bigint not null default 0,
  fence bigint not null default 0,
  moved_at bigint not null default 0,
  failures int not null default 0,
  parked_at bigint,
  error text,
  primary key (consumer, topic)
) with (fillfactor = 60);

create table leases (
  name text collate "C" primary key,
  owner uuid not null,
  fence bigint not null,
  expires_at bigint not null
) with (fillfactor = 60);

-- Rows, not process memory (PF-31). A timer of a stream is fired by that stream's consumer, merged with its events.
create table timers (
  kind text collate "C" not null,
  key text collate "C" not null,
  stream text collate "C",
  due_at bigint not null,
  rank smallint not null default 0,
  data json not null,
  failures int not null default 0,
  parked_at bigint,
  error text,
  primary key (kind, key)
);
create index timers_due on timers (due_at, rank, key) where stream is null and parked_at is null;
create index timers_stream_due on timers (stream, due_at, rank, key) where stream is not null and parked_at is null;
