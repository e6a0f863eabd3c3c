-- Live prediction games. Instants are epoch milliseconds, money is integer hundredths of the currency.

create table predictions_players (
  account_id uuid primary key,
  challenge_id uuid not null unique,
  joined_at bigint not null
);

-- current = available + exposure (BT1).
create table predictions_balances (
  account_id uuid not null,
  currency text collate "C" not null,
  available bigint not null check (available >= 0),
  exposure bigint not null default 0 check (exposure >= 0),
  primary key (account_id, currency)
) with (fillfactor = 70);

create table predictions_sources (
  id uuid primary key,
  name text not null,
  description text,
  state text not null default 'open' check (state in ('open', 'closing', 'closed')),
  created_by uuid not null,
  created_at bigint not null
);

create table predictions_source_admins (
  source_id uuid not null references predictions_sources,
  account_id uuid not null,
  primary key (account_id, source_id)
);

create table predictions_game_types (
  id uuid primary key,
  name text collate "C" not null unique
);

-- Registration order of pools and events (EV2). Both are numbered under their game's row lock, a recreated pool under its forerunner's.
create sequence predictions_log;

create table predictions_games (
  id uuid primary key,
  source_id uuid not null references predictions_sources,
  type_id uuid not null references predictions_game_types,
  type_given text not null,
  name text not null,
  state text not null check (state in ('created', 'opened', 'closing', 'closed')),
  open_at bigint not null,
  close_at bigint,
  live_start_at bigint,
  live_finish_at bigint,
  currency text collate "C" not null,
  hashtag text not null,
  image_url text,
  actions jsonb not null,
  targets jsonb not null,
  created_by uuid not null,
  created_at bigint not null,
  closed_at bigint
);
create index predictions_games_source on predictions_games (source_id, state);

create table predictions_game_admins (
  game_id uuid not null references predictions_games,
  account_id uuid not null,
  primary key (account_id, game_id)
);
create index predictions_game_admins_game on predictions_game_admins (game_id);

create table predictions_pools (
  id uuid primary key,
  game_id uuid not null references predictions_games,
  description text not null,
  type smallint not null check (type between 1 and 4),
  action_id text collate "C" not null,
  targets jsonb not null,
  target_level int not null,
  state text not null default 'open' check (state in ('open', 'resolved', 'expired', 'voided')),
  log_seq bigint not null default nextval('predictions_log'),
  start_at bigint not null,
  finish_at bigint,
  stop_accepting_bets_at bigint,
  recreate_on_end boolean not null,
  recreated_from uuid unique,
  -- A recreated pool is announced after the last settlement of its step (EV8).
  is_announced boolean not null default true,
  is_blocked boolean not null,
  blocked_at bigint,
  allowed_at bigint,
  pending_block_at bigint,
  pending_allow_at bigint,
  is_hot boolean not null,
  -- Valid money, people and bets on each target, in the order of `targets`.
  money bigint[] not null,
  people int[] not null,
  bet_counts int[] not null,
  participants int not null default 0,
  next_bet_seq bigint not null default 1,
  last_placed_at bigint not null default 0,
  -- How it ended (PL13: written once).
  winning_target text collate "C",
  is_money_return boolean,
  -- Bets placed at this instant or later are invalid (EV7).
  late_from bigint,
  resolved_at bigint,
  expired_at bigint,
  decided_by uuid,
  -- Settling it failed: an admin must look (RS13).
  parked_at bigint,
  parked_reason text
) with (fillfactor = 50);
create index predictions_pools_game on predictions_pools (game_id, state);

-- Never changed: what became of a bet follows from its pool (late_from, winning_target, is_money_return).
create table predictions_bets (
  pool_id uuid not null,
  seq bigint not null,
  id uuid not null,
  account_id uuid not null,
  target_id text collate "C" not null,
  amount bigint not null check (amount > 0),
  placed_at bigint not null,
  client_ref text collate "C",
  primary key (pool_id, seq)
);
create unique index predictions_bets_ref on predictions_bets (pool_id, account_id, client_ref) where client_ref is not null;

-- What one player has, or had, in one pool: one target, all bets on it added up (BT4).
create table predictions_positions (
  pool_id uuid not null,
  account_id uuid not null,
  target_id text collate "C" not null,
  amount bigint not null,
  late_amount bigint not null default 0,
  -- How many bets that is, and how many of them came too late (ST1-ST3); the newest of them by `seq` (FR2).
  bets int not null default 1,
  late_bets int not null default 0,
  recent_seqs bigint[] not null default '{}',
  first_placed_at bigint not null,
  -- Set by the settlement: payout and returned stakes were credited; net is what points count (LB2).
  payout bigint,
  returned bigint,
  net bigint,
  primary key (pool_id, account_id)
) with (fillfactor = 80);
create index predictions_positions_account on predictions_positions (account_id);

-- Double entry: every line moves `amount` from one book to another. Books: bank, available, exposure, pool.
create table predictions_ledger (
  id bigint generated always as identity primary key,
  at bigint not null,
  kind text collate "C" not null check (kind in ('grant', 'stake', 'release', 'credit')),
  account_id uuid not null,
  currency text collate "C" not null,
  pool_id uuid,
  amount bigint not null check (amount > 0)
);
comment on column predictions_ledger.kind is
  'grant: bank to available; stake: available to exposure; release: exposure to pool; credit: pool to available';
create unique index predictions_ledger_once on predictions_ledger (pool_id, account_id, kind) where kind in ('release', 'credit');
create unique index predictions_ledger_grant on predictions_ledger (account_id, currency) where kind = 'grant';

create table predictions_events (
  id uuid primary key,
  game_id uuid not null references predictions_games,
  -- `event_id` on the wire: what the caller named it, else the id.
  shown_id text not null,
  log_seq bigint not null default nextval('predictions_log'),
  action_id text collate "C" not null,
  target_id text collate "C" not null,
  target_display_name text not null,
  description text not null,
  happened_at bigint not null,
  registered_at bigint not null,
  -- Set for the resolution of a binary pool, which is no fact of the match (EV11).
  pool_id uuid,
  current_count jsonb not null,
  -- Equal keys are one event (EV12, RS1); null never is.
  duplicate_key text collate "C",
  registered_by uuid,
  unique (game_id, log_seq),
  unique (game_id, duplicate_key)
);

create table predictions_friends (
  account_id uuid not null,
  friend_id uuid not null,
  since bigint not null,
  primary key (account_id, friend_id)
);

-- Predictions by e-mail for a claimed account: nothing is staked until it signs in (PG3).
create table predictions_pending (
  id uuid primary key,
  account_id uuid not null,
  pool_id uuid not null,
  target text not null,
  amount text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index predictions_pending_account on predictions_pending (account_id);

create table predictions_presignups (
  email_key text collate "C" primary key,
  email text not null,
  challenge_id text,
  prediction_saved boolean not null,
  mailed_on int not null,
  created_at bigint not null
);

-- Feed items that name nothing we know (RS11).
create table predictions_rejected_items (
  id uuid primary key,
  feed text not null,
  item_id text not null,
  reason text not null,
  item jsonb not null,
  rejected_at bigint not null,
  unique (feed, item_id)
);

-- Open opcode connections, and those that may come back within the reconnect window (WS10).
create table predictions_connections (
  id uuid primary key,
  account_id uuid not null,
  nonce text collate "C" not null,
  process_id uuid not null,
  is_logged_on boolean not null default false,
  logon_id uuid,
  games uuid[] not null default '{}',
  opened_at bigint not null,
  dropped_at bigint
);
create index predictions_connections_account on predictions_connections (account_id);

-- Nonces seen, so that a connection URL cannot be replayed (WS6). Swept when no key that could have signed them lives.
create table predictions_nonces (
  account_id uuid not null,
  nonce text collate "C" not null,
  used_at bigint not null,
  primary key (account_id, nonce)
);
