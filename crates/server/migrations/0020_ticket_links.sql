-- where the records of help desks open: JSON; null where an organization named none
alter table org_settings add column ticket_links text;
