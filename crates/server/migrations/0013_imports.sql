-- imports over the API
create table imports (
    org_id uuid not null references orgs (id),
    id uuid not null,
    -- the options as they were given: JSON
    options text not null,
    -- the file as whoever imports calls it; empty once that is forgotten
    name text not null,
    -- the id of the data folder whose inbox has the file, and its path there
    place uuid not null,
    path text not null,
    is_upload boolean not null,
    bytes bigint not null,
    -- waiting, running, done, failed or canceled
    status text not null,
    -- how often it began with the file
    starts bigint not null default 0,
    -- phase, counts, rate: JSON
    progress text not null,
    -- files, errors and notes by kind, insights: JSON
    report text not null,
    -- why it failed
    failure text,
    -- the time from which what was imported is all read
    read_at bigint,
    created_at bigint not null,
    ended_at bigint,
    primary key (org_id, id)
);
-- an organization has one under way
create unique index imports_under_way on imports (org_id) where ended_at is null;
-- what imports have to say, one by one
create table import_records (
    org_id uuid not null,
    import_id uuid not null,
    seq bigint not null,
    -- error or note
    kind text not null,
    file text not null,
    line bigint not null,
    reason text not null,
    primary key (org_id, import_id, seq),
    foreign key (org_id, import_id) references imports (org_id, id) on delete cascade
);
-- a job that needs what is in one data folder is done by a process that has that folder; null: by any
alter table jobs add column place uuid;
-- how far a job in hand is: so much of so much
alter table jobs add column done bigint;
alter table jobs add column total bigint;
