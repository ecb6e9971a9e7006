-- Which request from outside something comes of: its id follows through the logs of all services, also
-- where a letter or an event waits in a table on its way. A random number; 0: of no request. Nothing is
-- decided by it, and it is in no entry of the audit log.
ALTER TABLE vault.event ADD COLUMN request bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox.event ADD COLUMN request bigint NOT NULL DEFAULT 0;
ALTER TABLE retention.event ADD COLUMN request bigint NOT NULL DEFAULT 0;
ALTER TABLE vault.mail_job ADD COLUMN request bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox.job ADD COLUMN request bigint NOT NULL DEFAULT 0;
