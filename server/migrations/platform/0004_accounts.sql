-- Accounts and access (platform 3, 9.3). Keys of names are normalised by the program (NFKC, lower case), never by the database.

create table accounts (
  id uuid primary key,
  number bigint not null generated always as identity unique,
  username text not null,
  username_key text collate "C" not null unique,
  -- Null only after deletion (PF-66).
  email text,
  email_key text collate "C" unique,
  email_verified_at bigint,
  -- Null: nobody can sign in with a password yet (invited, unclaimed).
  password_hash text,
  claimed boolean not null,
  state text not null default 'active' check (state in ('active', 'suspended', 'deleted')),
  token_version int not null default 0,
  grants text[] not null default '{}',
  created_at bigint not null,
  last_login_at bigint,
  check ((email is null) = (email_key is null)),
  check (email is not null or state = 'deleted')
);

-- Usernames and e-mails share one set of names, so that no name equals another account's e-mail, whatever happens at once (PF-66).
create table login_names (
  name text collate "C" primary key,
  account_id uuid not null references accounts (id) deferrable initially deferred,
  unique (account_id, name)
);
alter table accounts
  add foreign key (id, username_key) references login_names (account_id, name) deferrable initially deferred,
  add foreign key (id, email_key) references login_names (account_id, name) deferrable initially deferred;

-- One row a live credential: platform cookie, predictions login and its keys, refresh tokens. A row that ends is deleted, with what came from it.
create table sessions (
  id uuid primary key,
  account_id uuid not null references accounts (id),
  kind text collate "C" not null,
  parent_id uuid references sessions (id) on delete cascade,
  family uuid,
  secret_hash bytea unique,
  -- Only of kinds whose clear value the server needs again (predictions WS2, platform 9.4).
  secret_sealed text,
  created_at bigint not null,
  expires_at bigint not null,
  last_seen_at bigint not null,
  address text not null,
  agent text not null
);
create index sessions_account on sessions (account_id, kind, created_at);
create index sessions_parent on sessions (parent_id) where parent_id is not null;
create index sessions_address on sessions (address);
create index sessions_expiry on sessions (expires_at);

create table second_factors (
  account_id uuid primary key references accounts (id),
  secret_sealed text not null,
  -- Null: enrolment was begun and not confirmed.
  confirmed_at bigint,
  -- Time step of the code accepted last: none is accepted twice (PF-13).
  last_step bigint not null default 0,
  created_at bigint not null
);

create table recovery_codes (
  account_id uuid not null references second_factors (account_id) on delete cascade,
  code_hash bytea not null,
  primary key (account_id, code_hash)
);

-- Codes sent by mail: a row dies with its use.
create table one_time_codes (
  code_hash bytea primary key,
  account_id uuid not null references accounts (id),
  kind text not null check (kind in ('recovery', 'claim')),
  created_at bigint not null,
  expires_at bigint not null
);
create index one_time_codes_account on one_time_codes (account_id, kind, created_at);
create index one_time_codes_expiry on one_time_codes (expires_at);

-- Failed logins of every route (PF-67). `subject` is the account's id, or a digest of a name that nobody has.
create table login_failures (
  subject text collate "C" not null,
  address text collate "C" not null,
  at bigint not null
);
create index login_failures_subject on login_failures (subject, at);
create index login_failures_address on login_failures (address, at);
create index login_failures_at on login_failures (at);

-- Outgoing mail, written in the transaction that wants it. The text may hold a one-time code: it is encrypted.
create table mails (
  id uuid primary key,
  account_id uuid references accounts (id),
  kind text not null,
  recipient text not null,
  subject text not null,
  text_sealed text not null,
  created_at bigint not null,
  state text not null default 'waiting' check (state in ('waiting', 'written', 'failed')),
  settled_at bigint,
  tries int not null default 0
);
create index mails_waiting on mails (created_at, id) where state = 'waiting';
create index mails_created on mails (created_at, id);
