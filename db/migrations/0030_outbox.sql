-- The notifier's mail jobs, what became of them, and its events for the log. A job's letter (with the
-- link or the code) lies here only sealed to the notifier's own key, and is wiped when the job is
-- settled. sm_notifier reaches this schema and nothing else; nobody else reaches it.

-- A job waits until it is settled. Then only its id stays, so that a repeat is recognised: not the
-- letter, and not about which message it was.
CREATE TABLE outbox.job (
    job            bytea PRIMARY KEY CHECK (length(job) = 16),
    state          bigint NOT NULL CHECK (state BETWEEN 1 AND 4), -- waiting, accepted, undeliverable, cancelled
    kind           bigint NOT NULL,
    rank           bigint NOT NULL, -- 0: somebody waits for it (a code); 1: the rest
    organisation   bytea CHECK (length(organisation) = 16),
    message        bytea CHECK (length(message) = 16),
    link           bytea CHECK (length(link) = 16),
    sealed         bytea,
    next_ms        bigint NOT NULL, -- not before
    not_after_ms   bigint NOT NULL, -- given up after
    attempts       bigint NOT NULL DEFAULT 0,
    -- Who is sending it just now: until then, and only while that connection lives.
    lease_until_ms bigint NOT NULL DEFAULT 0,
    holder_pid     integer,
    holder_started timestamptz,
    is_cancelled   boolean NOT NULL DEFAULT false, -- asked while it was being sent: no second attempt
    CHECK ((state = 1) = (sealed IS NOT NULL)),
    CHECK ((state = 1) = (message IS NOT NULL))
);
CREATE INDEX job_due ON outbox.job (rank, next_ms) WHERE state = 1;
CREATE INDEX job_message ON outbox.job (message) WHERE state = 1;
CREATE INDEX job_over ON outbox.job (not_after_ms) WHERE state <> 1;

-- Does the connection that took a lease still exist? A role sees its own connections here.
CREATE FUNCTION outbox.holder_lives(pid integer, started timestamptz) RETURNS boolean
    LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = $1 AND a.backend_start = $2)';

-- The feed that the gateway pulls. tx orders what commits late behind the reader's horizon.
CREATE TABLE outbox.delivery (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tx            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    job           bytea NOT NULL UNIQUE,
    organisation  bytea NOT NULL,
    message       bytea NOT NULL,
    link          bytea,
    kind          bigint NOT NULL,
    result        bigint NOT NULL CHECK (result IN (1, 2)),
    at_ms         bigint NOT NULL,
    keep_until_ms bigint NOT NULL
);
CREATE INDEX delivery_feed ON outbox.delivery (tx, id);
CREATE INDEX delivery_message ON outbox.delivery (message);
CREATE INDEX delivery_keep ON outbox.delivery (keep_until_ms);

-- Events for audit (lib/db/outbox.h).
CREATE TABLE outbox.event (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event bytea NOT NULL UNIQUE CHECK (length(event) = 16),
    body  bytea NOT NULL
);

-- Deliveries and events are written and removed, never changed.
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.job TO sm_notifier;
GRANT SELECT, INSERT, DELETE ON outbox.delivery, outbox.event TO sm_notifier;
