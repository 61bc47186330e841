-- what facets count by, in the order in which they are counted: no row is looked at, and nothing is sorted
create index sessions_by_facet on sessions (org_id, channel, language, sentiment, status, created_at);
create index occurrences_by_facet on occurrences
    (org_id, channel, language, sentiment, status, session_id, insight_id, session_created_at);
-- beside indexes that were analyzed, SQLite takes one that was not for the best there is
analyze sessions;
analyze occurrences;
