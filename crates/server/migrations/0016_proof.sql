-- the report of a deep research as data: a JSON object of sections, claims and the ticket numbers that they cite
alter table researches add column report text;

-- pairs of statements that people judge, to measure the grouping
create table audits (
    org_id uuid not null references orgs (id),
    id uuid not null,
    -- of the statements, if only of one were drawn
    language text,
    seed bigint not null,
    created_by uuid,
    created_at bigint not null,
    primary key (org_id, id)
);
create table audit_pairs (
    org_id uuid not null,
    audit_id uuid not null,
    position bigint not null,
    -- a JSON object: the statements, and all that it takes to weigh a judgment of them
    pair text not null,
    answer text,
    primary key (org_id, audit_id, position),
    foreign key (org_id, audit_id) references audits (org_id, id)
);
