-- what is masked in a message, as readings found it: JSON, a list of [first byte, byte behind the last, label]
alter table messages add column masked text;
-- the part of its message around a statement, masked, and where in it the statement stands, in characters; null: not
-- read since there are these columns
alter table statements add column excerpt text;
alter table statements add column excerpt_start bigint;
alter table statements add column excerpt_end bigint;
-- sessions of the organization are to be read again, since they were read before excerpts were kept
alter table orgs add column rereading boolean not null default false;
update orgs set rereading = true;
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
