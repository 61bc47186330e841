-- the decision of a person that an entry belongs to, and what it takes to take the entry back: JSON
alter table insight_events add column operation_id uuid;
alter table insight_events add column undo text;
create index insight_events_by_operation on insight_events (org_id, operation_id) where operation_id is not null;

-- how an organization calls itself, and the language model that it asks: null as the process is configured. The key is
-- sealed
alter table org_settings add column name text;
alter table org_settings add column language_model_url text;
alter table org_settings add column language_model text;
alter table org_settings add column language_model_key text;

-- filters that are kept under a name: a member's own, or, without one, shared by all
create table views (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    member_id uuid,
    -- as it is sent: JSON
    filter text not null,
    sort text,
    sort_order text,
    group_by text,
    -- the one that everybody begins with
    is_default boolean not null,
    position bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create unique index views_default on views (org_id) where is_default;
