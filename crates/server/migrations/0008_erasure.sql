-- the erasure that has yet to mask or delete the session
alter table sessions add column erasure_id uuid;
create index sessions_by_erasure on sessions (org_id, erasure_id, id) where erasure_id is not null;
-- null: as the process is configured
alter table org_settings add column retention_days bigint;

-- what was erased: a receipt, and while it is under way what is left to do
create table erasures (
    org_id uuid not null references orgs (id),
    id uuid not null,
    -- contact, session or retention, and the contact or the session
    cause text not null,
    subject_id uuid,
    -- what becomes of the sessions: deleted or masked
    fate text not null,
    -- what is looked for in texts: JSON; null once nothing is left to do
    words text,
    -- numbers of what went and of what is left: JSON
    counts text not null,
    -- their ticket numbers stay gaps
    sessions_deleted bigint not null,
    created_at bigint not null,
    finished_at bigint,
    primary key (org_id, id)
);
