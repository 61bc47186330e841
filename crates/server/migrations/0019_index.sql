-- slices are counted by an index in memory: what is left to the tables is the sessions of an insight by time, with who spoke
-- in them, and the insights of a session
drop index sessions_by_facet;
drop index occurrences_by_facet;
drop index occurrences_by_slice;
drop index occurrences_by_session;
drop index occurrences_by_contact;
alter table occurrences drop column status;
alter table occurrences drop column channel;
alter table occurrences drop column language;
alter table occurrences drop column sentiment;
create index occurrences_by_time on occurrences (org_id, insight_id, session_created_at, session_id, contact_id);
create index occurrences_by_session on occurrences (org_id, session_id, insight_id);
analyze sessions;
analyze occurrences;
