-- Every table belongs to an organization, and every key, unique constraint and foreign key begins with it.
-- Times are microseconds since 1970. The same file for SQLite differs in the names of types alone.

create table orgs (
    id uuid primary key,
    name text not null unique,
    -- the time of the last write: never goes back, so the order of `updated_at` is the order of commits
    clock bigint not null default 0,
    change_seq bigint not null default 0,
    next_ticket_number bigint not null default 1,
    next_insight_number bigint not null default 1,
    next_event_seq bigint not null default 1,
    -- counts up whenever insights or what is linked to them changes as a whole
    grouping_version bigint not null default 0,
    grouping_hash text,
    grouped_at bigint,
    -- how many statements the last consolidation saw, and how many came since
    grouped_statements bigint not null default 0,
    new_statements bigint not null default 0,
    -- how many requests to the language model were made on this day
    language_model_day bigint not null default 0,
    language_model_requests bigint not null default 0,
    -- what is usual, for insights that are archived: JSON, and the day it was computed on
    norms text,
    norms_day bigint,
    -- on which day it was last looked what escalates
    reviewed_on bigint,
    created_at bigint not null
);

create table members (
    org_id uuid not null references orgs (id),
    id uuid not null,
    email text not null,
    name text,
    avatar_url text,
    created_at bigint not null,
    primary key (org_id, id),
    unique (org_id, email)
);

create table api_keys (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    -- SHA-256 of the token; the token itself is shown once and kept nowhere
    token_hash bytea not null,
    scopes text not null,
    member_id uuid,
    created_at bigint not null,
    revoked_at bigint,
    primary key (org_id, id),
    foreign key (org_id, member_id) references members (org_id, id)
);
create index api_keys_by_hash on api_keys (token_hash);

create table teams (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    description text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id)
);

create table categories (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    name_folded text not null,
    description text,
    -- the team that new insights of this category go to
    team_id uuid,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, name_folded),
    foreign key (org_id, team_id) references teams (org_id, id)
);

create table tags (
    org_id uuid not null references orgs (id),
    tag_name text not null,
    description text,
    exclude_from_auto_tagging boolean not null,
    category_id uuid,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, tag_name),
    foreign key (org_id, category_id) references categories (org_id, id)
);

create table contacts (
    org_id uuid not null references orgs (id),
    id uuid not null,
    email text,
    phone_number text,
    name text,
    custom_data text,
    non_verified_name text,
    non_verified_email text,
    non_verified_custom_data text,
    search_folded text not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, email)
);
create index contacts_by_update on contacts (org_id, updated_at, id);
create index contacts_by_phone on contacts (org_id, phone_number);
create index contacts_by_claim on contacts (org_id, non_verified_email);

-- a contact's custom data, the verified value of a key before the other
create table contact_values (
    org_id uuid not null,
    key text not null,
    value text not null,
    contact_id uuid not null,
    primary key (org_id, key, value, contact_id),
    foreign key (org_id, contact_id) references contacts (org_id, id) on delete cascade
);
create index contact_values_by_contact on contact_values (org_id, contact_id, key, value);

create table sessions (
    org_id uuid not null references orgs (id),
    id uuid not null,
    ticket_number bigint not null,
    status text not null,
    channel text not null,
    language text,
    -- declared by whoever sent it, so that reading does not overrule it
    language_declared boolean not null,
    sentiment text,
    ai_closure_type text,
    contact_id uuid,
    team_id uuid,
    assignee_id text,
    custom_data text not null,
    assist_mode boolean not null,
    ticketing_system text,
    summary text,
    summary_wanted boolean not null,
    next_seq bigint not null,
    -- of the imported record, to tell a changed one
    import_hash bytea,
    -- counts up with each change that calls for a new reading, and what the last reading saw
    revision bigint not null,
    read_revision bigint not null,
    last_message_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, ticket_number),
    foreign key (org_id, contact_id) references contacts (org_id, id),
    foreign key (org_id, team_id) references teams (org_id, id)
);
create index sessions_by_update on sessions (org_id, updated_at, id);
create index sessions_by_creation on sessions (org_id, created_at, id);
create index sessions_by_message on sessions (org_id, last_message_at, id);
create index sessions_by_contact on sessions (org_id, contact_id, id);

create table session_values (
    org_id uuid not null,
    key text not null,
    value text not null,
    session_id uuid not null,
    primary key (org_id, key, value, session_id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);
create index session_values_by_session on session_values (org_id, session_id, key, value);

create table session_tags (
    org_id uuid not null,
    tag_name text not null,
    session_id uuid not null,
    primary key (org_id, tag_name, session_id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);
create index session_tags_by_session on session_tags (org_id, session_id);

create table handoffs (
    org_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    summary text not null,
    sentiment text,
    -- said by whoever handed off, so that reading does not overrule it
    sentiment_declared boolean not null,
    created_at bigint not null,
    primary key (org_id, id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);
create index handoffs_by_session on handoffs (org_id, session_id, created_at);

-- a session's whole history, events of the system included
create table messages (
    org_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    seq bigint not null,
    event_type text not null,
    sender text not null,
    sender_name text,
    text text,
    text_folded text,
    attachments text,
    context text,
    -- unknown for an imported message without a time
    created_at bigint,
    primary key (org_id, id),
    unique (org_id, session_id, seq),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);

create table blobs (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    mime_type text not null,
    content bytea not null,
    created_at bigint not null,
    primary key (org_id, id)
);

-- what contacts state: a span of a message, masked for showing
create table statements (
    org_id uuid not null,
    id uuid not null,
    session_id uuid not null,
    message_id uuid not null,
    -- counts the statements of the session from 0
    position bigint not null,
    span_start bigint not null,
    span_end bigint not null,
    text text not null,
    language text not null,
    sentiment text not null,
    embedding bytea,
    -- of the encoder that groups are compared by, where it was asked for
    finer bytea,
    version bigint not null,
    primary key (org_id, id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade,
    foreign key (org_id, message_id) references messages (org_id, id) on delete cascade
);
create index statements_by_session on statements (org_id, session_id);
create index statements_by_message on statements (org_id, message_id);

-- subjects above insights, made anew with each grouping
create table themes (
    org_id uuid not null references orgs (id),
    id uuid not null,
    name text not null,
    created_at bigint not null,
    primary key (org_id, id)
);

create table insights (
    org_id uuid not null references orgs (id),
    id uuid not null,
    insight_number bigint not null,
    content text not null,
    content_folded text not null,
    sentiment text not null,
    -- made from the sessions behind it; doctor counts again
    occurrence_count bigint not null,
    first_seen_at bigint not null,
    last_seen_at bigint not null,
    theme_id uuid,
    category_id uuid,
    team_id uuid,
    -- set by a person, so that consolidation does not overrule it
    content_by_hand boolean not null,
    category_by_hand boolean not null,
    team_by_hand boolean not null,
    -- others were merged into it: it keeps every group that is mostly its own
    joined boolean not null default false,
    -- counts up with each event
    revision bigint not null default 0,
    resolved_at bigint,
    resolved_by uuid,
    archived_at bigint,
    archived_by uuid,
    archive_reason text,
    archive_policy text,
    resurface_current bigint,
    resurface_target bigint,
    deep_research text,
    deep_research_completed_at bigint,
    -- where it lies, and how near a further statement must be
    centroid bytea,
    reach double precision,
    -- no group stands for it any more; `lineage` says where its sessions went
    retired_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id),
    unique (org_id, insight_number),
    foreign key (org_id, theme_id) references themes (org_id, id),
    foreign key (org_id, category_id) references categories (org_id, id),
    foreign key (org_id, team_id) references teams (org_id, id),
    foreign key (org_id, resolved_by) references members (org_id, id),
    foreign key (org_id, archived_by) references members (org_id, id)
);
create index insights_decided on insights (org_id, id) where resolved_at is not null or archived_at is not null;
create index insights_by_count on insights (org_id, occurrence_count, created_at, id);

-- what was fixed when an insight was archived, and how far it is from coming back
create table archives (
    org_id uuid not null,
    insight_id uuid not null,
    archived_at bigint not null,
    policy text not null,
    -- until_count: how many further sessions, or contacts
    target bigint,
    counted text not null,
    -- the baseline: JSON, as docs/escalation.md says
    record text not null,
    -- archived forever: when it would have come back, and by what numbers
    shadow_at bigint,
    shadow text,
    -- when it was last looked at, and on which day of the organization
    reviewed_at bigint not null,
    reviewed_on bigint not null,
    primary key (org_id, insight_id),
    foreign key (org_id, insight_id) references insights (org_id, id)
);

-- days on which so many archived insights were to come back at once that none did
create table surges (
    org_id uuid not null references orgs (id),
    day bigint not null,
    returning_count bigint not null,
    watched_count bigint not null,
    created_at bigint not null,
    primary key (org_id, day)
);

-- what a language model made of insights
create table wordings (
    org_id uuid not null,
    insight_id uuid not null,
    -- the grouping's own sentence that is or was to be worded, by which model, and how many answers are waited for yet
    source text not null,
    asked_model text not null,
    answers_left bigint not null,
    -- the answer that passed, who gave it, and where the group lay then
    content text,
    model text,
    centroid bytea,
    -- whether it is the insight's content, unless a person set that
    shown boolean not null,
    primary key (org_id, insight_id),
    foreign key (org_id, insight_id) references insights (org_id, id)
);

-- one session in which an insight shows, with a copy of what sessions are filtered by
create table occurrences (
    org_id uuid not null,
    insight_id uuid not null,
    session_id uuid not null,
    statement_id uuid not null,
    score double precision not null,
    canonical boolean not null,
    contact_id uuid,
    session_created_at bigint not null,
    status text not null,
    channel text not null,
    language text,
    sentiment text,
    primary key (org_id, insight_id, session_id),
    foreign key (org_id, insight_id) references insights (org_id, id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade,
    foreign key (org_id, statement_id) references statements (org_id, id)
);
create index occurrences_by_statement on occurrences (org_id, statement_id);
-- each answers `POST /insights` with one filter alone: in the order of insights, or for a few sessions
create index occurrences_by_facet on occurrences
    (org_id, insight_id, session_created_at, language, channel, sentiment, status);
create index occurrences_by_session on occurrences (org_id, session_id, insight_id, session_created_at);
create index occurrences_by_contact on occurrences (org_id, contact_id, insight_id, session_created_at);

create table insight_events (
    org_id uuid not null,
    id uuid not null,
    insight_id uuid not null,
    kind text not null,
    member_id uuid,
    detail text,
    created_at bigint not null,
    primary key (org_id, id),
    foreign key (org_id, insight_id) references insights (org_id, id)
);
create index insight_events_by_insight on insight_events (org_id, insight_id, id);

-- the latest deep research of an insight
create table researches (
    org_id uuid not null,
    insight_id uuid not null,
    id uuid not null,
    state text not null,
    -- of a hundred, and at what it is
    progress bigint not null,
    step text,
    -- how often it was begun: what never ends is given up
    attempts bigint not null,
    requested_by uuid,
    created_at bigint not null,
    started_at bigint,
    finished_at bigint,
    error text,
    primary key (org_id, insight_id),
    foreign key (org_id, insight_id) references insights (org_id, id)
);

-- insights that a person split from one another, both ways
create table insights_apart (
    org_id uuid not null,
    insight_id uuid not null,
    other_id uuid not null,
    primary key (org_id, insight_id, other_id),
    foreign key (org_id, insight_id) references insights (org_id, id),
    foreign key (org_id, other_id) references insights (org_id, id)
);

-- whether a session belongs to an insight, where a person said so
create table session_decisions (
    org_id uuid not null,
    session_id uuid not null,
    insight_id uuid not null,
    belongs boolean not null,
    member_id uuid,
    created_at bigint not null,
    primary key (org_id, session_id, insight_id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade,
    foreign key (org_id, insight_id) references insights (org_id, id)
);
create index session_decisions_by_insight on session_decisions (org_id, insight_id);

-- what became of an insight that was grouped into another
create table lineage (
    org_id uuid not null,
    insight_id uuid not null,
    successor_id uuid not null,
    created_at bigint not null,
    primary key (org_id, insight_id),
    foreign key (org_id, insight_id) references insights (org_id, id),
    foreign key (org_id, successor_id) references insights (org_id, id)
);

create index lineage_by_successor on lineage (org_id, successor_id);

-- the sessions of an insight that a person merged into another, so that it can be taken back
create table merged_sessions (
    org_id uuid not null,
    insight_id uuid not null,
    session_id uuid not null,
    -- the other counted it before
    was_shared boolean not null,
    primary key (org_id, insight_id, session_id),
    foreign key (org_id, insight_id) references insights (org_id, id),
    foreign key (org_id, session_id) references sessions (org_id, id) on delete cascade
);
create index merged_sessions_by_session on merged_sessions (org_id, session_id);

create table jobs (
    bucket bigint not null,
    org_id uuid not null,
    id uuid not null,
    kind text not null,
    -- at most one waiting job of an organization has the same
    dedupe_key text not null,
    -- bulk work waits for the rest
    bulk boolean not null,
    run_at bigint not null,
    attempts bigint not null,
    lease_id uuid,
    leased_until bigint,
    failed_at bigint,
    last_error text,
    created_at bigint not null,
    -- last, so that looking through a long queue does not read it
    payload text not null,
    primary key (bucket, org_id, id),
    unique (bucket, org_id, dedupe_key)
);
create index jobs_due on jobs (bulk, run_at) where failed_at is null;
create index jobs_waiting on jobs (bucket, org_id, failed_at, bulk, run_at);

-- everything that changed, in order, for whoever keeps a copy
create table changes (
    org_id uuid not null references orgs (id),
    seq bigint not null,
    kind text not null,
    subject_id uuid not null,
    created_at bigint not null,
    primary key (org_id, seq)
);

-- who is told of what happens
create table webhooks (
    org_id uuid not null references orgs (id),
    id uuid not null,
    url text not null,
    description text,
    -- names of events as a JSON array; null: all
    events text,
    -- what signs, newest first, as a JSON array: to sign with, they can't be kept as a hash
    secrets text not null,
    -- deliveries that wait, and how many events found the queue full; doctor counts the first again
    waiting bigint not null default 0,
    dropped bigint not null default 0,
    -- since when no delivery got through
    failing_since bigint,
    disabled_at bigint,
    disabled_reason text,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (org_id, id)
);

-- what a webhook is told: written with what happened, its body made when it is sent
create table deliveries (
    org_id uuid not null,
    -- the receiver's `webhook-id`
    id uuid not null,
    webhook_id uuid not null,
    -- the order within a subject
    seq bigint not null,
    event text not null,
    subject_id uuid not null,
    -- the entry of the subject's history that says what happened
    source_id uuid not null,
    state text not null,
    -- when to send it; null while an earlier one of the subject waits, and once nothing is left to do
    due_at bigint,
    attempts bigint not null,
    last_attempt_at bigint,
    last_status bigint,
    last_error text,
    finished_at bigint,
    created_at bigint not null,
    primary key (org_id, id),
    foreign key (org_id, webhook_id) references webhooks (org_id, id) on delete cascade
);
create index deliveries_by_webhook on deliveries (org_id, webhook_id, seq);
create index deliveries_by_state on deliveries (org_id, webhook_id, state, seq);
create index deliveries_waiting on deliveries (org_id, subject_id, webhook_id, seq) where state = 'waiting';
create index deliveries_due on deliveries (due_at, webhook_id) where due_at is not null;
