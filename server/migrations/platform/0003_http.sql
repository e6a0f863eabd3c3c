-- Answers of requests with an Idempotency-Key (PF-06, PF-75), kept 24 h. The id is a digest of account or address, method, path and key, so the
-- table names nobody; the answer is encrypted. `claim` names the one try that may run: it is the fence of a try that was taken over.
create table idempotency_keys (
  id bytea primary key,
  request_digest bytea not null,
  claim uuid not null,
  -- The try is alive while its process renews this.
  lease_until bigint not null,
  -- Set in the transaction of the use case: its effect stands.
  marked boolean not null default false,
  answer text,
  expires_at bigint not null
);
create index idempotency_keys_expires_at on idempotency_keys (expires_at);
