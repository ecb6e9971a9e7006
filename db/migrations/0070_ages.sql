-- How long something waits, for those who watch over the suite: nothing is decided by these columns.
-- Rows that wait already count from now.
ALTER TABLE vault.event ADD COLUMN waiting_since_ms bigint NOT NULL DEFAULT clock.now_ms();
ALTER TABLE outbox.event ADD COLUMN waiting_since_ms bigint NOT NULL DEFAULT clock.now_ms();
ALTER TABLE retention.event ADD COLUMN waiting_since_ms bigint NOT NULL DEFAULT clock.now_ms();
ALTER TABLE outbox.job ADD COLUMN waiting_since_ms bigint NOT NULL DEFAULT clock.now_ms();
-- The oldest first, without reading the others.
CREATE INDEX job_waiting ON outbox.job (waiting_since_ms) WHERE state = 1;
