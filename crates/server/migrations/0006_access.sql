-- when a key ends, and when it was used last, to within some minutes
alter table api_keys add column expires_at bigint;
alter table api_keys add column last_used_at bigint;

-- the phone number that a contact gave and nobody confirmed; `phone_number` is a confirmed one from now on
alter table contacts add column non_verified_phone_number text;
create index contacts_by_claimed_phone on contacts (org_id, non_verified_phone_number);
-- who has nothing else that was confirmed only claimed the number, as far as one can tell
update contacts set non_verified_phone_number = phone_number, phone_number = null
where email is null and name is null and custom_data is null;

-- what a webhook may be told: what the key could read that set its address and its events. Null: everything
alter table webhooks add column scopes text;

-- who did what that matters to security
create table audit_log (
    org_id uuid not null references orgs (id),
    id uuid not null,
    kind text not null,
    key_id uuid,
    member_id uuid,
    subject_id uuid,
    -- JSON
    detail text not null,
    created_at bigint not null,
    primary key (org_id, id)
);
create index audit_log_by_time on audit_log (org_id, created_at, id);
