-- what facets count sessions by, in the order in which they are counted: no session is looked at, and nothing is sorted
create index sessions_by_slice on sessions (org_id, channel, language, sentiment, status, created_at);
