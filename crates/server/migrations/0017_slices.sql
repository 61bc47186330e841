-- what the indexes of filters lacked to count feelings and people too without a look at the table
drop index occurrences_by_facet;
drop index occurrences_by_session;
drop index occurrences_by_contact;
create index occurrences_by_slice on occurrences
    (org_id, insight_id, session_created_at, language, channel, sentiment, status, contact_id, session_id);
create index occurrences_by_session on occurrences
    (org_id, session_id, insight_id, session_created_at, sentiment, contact_id);
create index occurrences_by_contact on occurrences
    (org_id, contact_id, insight_id, session_created_at, sentiment, session_id);
