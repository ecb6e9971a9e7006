-- What each process says of itself every few seconds, so that one command shows the whole suite
-- (lib/runtime/report.h). Nothing is decided by it. UNLOGGED: it is written often, and after a crash of
-- PostgreSQL, or on a new leader, it is there again in seconds.
CREATE SCHEMA status;
GRANT USAGE ON SCHEMA status TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit;

CREATE UNLOGGED TABLE status.report (
    service    text    NOT NULL CHECK (service IN ('gateway', 'crypto', 'notifier', 'retention', 'audit')),
    replica    bytea   NOT NULL CHECK (octet_length(replica) = 16), -- random, of one start
    host       text    NOT NULL CHECK (length(host) <= 64),
    release    text    NOT NULL CHECK (length(release) <= 64),
    started_ms bigint  NOT NULL,
    at_ms      bigint  NOT NULL,
    is_ready   boolean NOT NULL,
    missing    text    NOT NULL CHECK (length(missing) <= 300), -- why it is not, in words
    note       text    NOT NULL CHECK (length(note) <= 100),
    metrics    text    NOT NULL CHECK (length(metrics) <= 4000), -- "name value" lines
    PRIMARY KEY (service, replica)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON status.report
    TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit;
-- A service speaks of itself alone; crypto, where the operator asks, reads what all say.
ALTER TABLE status.report ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON status.report TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit
    USING (service = substr(current_user::text, 4)) WITH CHECK (service = substr(current_user::text, 4));
CREATE POLICY read_all ON status.report FOR SELECT TO sm_crypto USING (true);
