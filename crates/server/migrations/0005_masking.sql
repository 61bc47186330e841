-- what is masked in a message, as readings found it: JSON, a list of [first byte, byte behind the last, label]
alter table messages add column masked text;
-- the part of its message around a statement, masked, and where in it the statement stands, in characters; null: not
-- read since there are these columns
alter table statements add column excerpt text;
alter table statements add column excerpt_start bigint;
alter table statements add column excerpt_end bigint;
-- sessions of the organization are to be read again, since they were read before excerpts were kept
alter table orgs add column rereading boolean not null default false;
update orgs set rereading = true;
