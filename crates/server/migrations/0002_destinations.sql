-- the kind of the destination of a delivery, of which `webhook_id` is the id: webhooks are the first kind. The
-- foreign key to `webhooks` goes with the second, once no release runs that relies on its cascade
alter table deliveries add column destination text not null default 'webhook';
