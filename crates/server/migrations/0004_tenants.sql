-- due jobs, organization by organization
create index jobs_in_turn on jobs (bulk, org_id, run_at) where failed_at is null;

-- which sessions have which short strings in their messages, by which a search finds them: a bit for each session of a
-- block, which has 4096 by their number, without the zeros at the end
create table search_bits (
    org_id uuid not null references orgs (id),
    block bigint not null,
    bucket bigint not null,
    sessions bytea not null,
    primary key (org_id, block, bucket)
);
-- the revision that was indexed, and the sessions that wait for it
alter table sessions add column searched_revision bigint not null default 0;
create index sessions_to_search on sessions (org_id, ticket_number) where searched_revision < revision;

-- how much its messages and files take
alter table orgs add column stored_bytes bigint not null default 0;
update orgs set stored_bytes = coalesce((
    select sum(octet_length(text)) from messages where messages.org_id = orgs.id
), 0) + coalesce((
    select sum(octet_length(content)) from blobs where blobs.org_id = orgs.id
), 0);
