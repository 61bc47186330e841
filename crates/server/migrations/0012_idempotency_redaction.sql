-- answers to requests that came with an `Idempotency-Key`, so that one that is sent again changes nothing
create table idempotency_keys (
    org_id uuid not null references orgs (id),
    -- SHA-256 of the caller's key, the path and what the header says
    id bytea not null,
    -- counts up: the newest are kept
    seq bigint not null,
    -- SHA-256 of what the header says and the body
    request bytea not null,
    -- JSON
    answer text not null,
    created_at bigint not null,
    primary key (org_id, id)
);
create index idempotency_keys_by_seq on idempotency_keys (org_id, seq);
create index idempotency_keys_by_time on idempotency_keys (org_id, created_at);
-- when what a message said was taken out of it for good
alter table messages add column redacted_at bigint;
create index messages_redacted on messages (org_id, session_id) where redacted_at is not null;
