-- Who is in a topic, over all processes (PF-27). Unlogged: after a crash of the database each process writes its part again.

create unlogged table processes (
  id uuid primary key,
  seen_at bigint not null
);

create unlogged table presence (
  topic text not null,
  -- The nil UUID stands for visitors without an account.
  account_id uuid not null,
  process_id uuid not null,
  connections int not null check (connections > 0),
  primary key (topic, account_id, process_id)
);

create index presence_process on presence (process_id);
