-- why nothing is read in a message under a contact's name: a machine wrote it (auto_reply, bounce, …)
alter table messages add column set_aside text;
-- the time of the message, or, where that is unknown, when it was set aside
alter table messages add column set_aside_at bigint;
create index messages_set_aside on messages (org_id, set_aside_at, id) where set_aside is not null;
-- other parts of messages are read than in earlier releases
update orgs set rereading = true;
