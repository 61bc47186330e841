-- lines that a widget, a form or a mail gateway puts at the edges of messages, learned from many contacts
create table boilerplate (
    org_id uuid not null references orgs (id),
    id uuid not null,
    -- start or end
    edge text not null,
    fingerprint bigint not null,
    -- numbers in it are "#"
    text text not null,
    contacts bigint not null,
    learned_at bigint not null,
    -- a person decided that it is what customers say
    revoked_at bigint,
    primary key (org_id, id)
);
-- fingerprints of the lines at the edges of messages: of all sessions, or of a sample of them
create table message_outlines (
    org_id uuid not null,
    session_id uuid not null,
    -- a session is in the samples up to this depth, each of which has half of the one before
    depth bigint not null,
    outlines bytea not null,
    primary key (org_id, session_id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);
-- counts up when other lines are boilerplate than before
alter table orgs add column boilerplate_version bigint not null default 0;
alter table orgs add column outline_depth bigint not null default 0;
-- nothing was learned from what earlier releases read
update orgs set rereading = true;
