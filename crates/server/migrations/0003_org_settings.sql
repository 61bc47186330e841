-- what an organization set itself; null: as the process is configured
create table org_settings (
    org_id uuid not null references orgs (id),
    time_zone text,
    language text,
    granularity text,
    contacts_min bigint,
    escalation_sensitivity text,
    escalation_basis text,
    escalation_returns_week double precision,
    regress boolean,
    regress_grace_days bigint,
    updated_at bigint not null,
    primary key (org_id)
);
