-- what a member may do: viewer, agent or admin. Null: it may not sign in, and is known by what it decided alone
alter table members add column role text;
-- argon2id, as a PHC string
alter table members add column password_hash text;
-- SHA-256 of the one-time link that signs the member in, and the time until which it does
alter table members add column link_hash bytea;
alter table members add column link_ends_at bigint;
create unique index members_by_link on members (link_hash);

-- members signed in, each in one browser
create table sign_ins (
    org_id uuid not null references orgs (id),
    id uuid not null,
    member_id uuid not null,
    -- SHA-256 of the token in the cookie
    token_hash bytea not null,
    -- from where, and by which program, as far as it says
    address text,
    user_agent text,
    created_at bigint not null,
    -- the last use, to within a minute
    used_at bigint not null,
    -- when it ends, however much it is used
    ends_at bigint not null,
    -- when it was ended before
    ended_at bigint,
    primary key (org_id, id),
    foreign key (org_id, member_id) references members (org_id, id)
);
create unique index sign_ins_by_hash on sign_ins (token_hash);
create index sign_ins_by_member on sign_ins (org_id, member_id, id);

-- from where it was done
alter table audit_log add column address text;

-- counts the transactions of an organization: an answer holds while it stays
alter table orgs add column writes bigint not null default 0;
