-- What retention remembers: which messages it has purged, and its events for the log. Its rights to
-- delete in schema mail stand beside those tables. sm_retention reaches this schema and those rights.

-- A row means: keys were destroyed by crypto, and ciphertext and rows are gone. It is written with
-- the event, so the log tells of every purge once. It holds no address and no name.
CREATE TABLE retention.purge (
    message      bytea PRIMARY KEY CHECK (length(message) = 16),
    organisation bytea NOT NULL CHECK (length(organisation) = 16),
    is_expiry    boolean NOT NULL, -- else: deleted by the sender
    objects      bigint NOT NULL,  -- files deleted
    at_ms        bigint NOT NULL
);

-- Events for audit (lib/db/outbox.h).
CREATE TABLE retention.event (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event bytea NOT NULL UNIQUE CHECK (length(event) = 16),
    body  bytea NOT NULL
);

-- That a message was purged is never changed nor taken back.
GRANT SELECT, INSERT ON retention.purge TO sm_retention;
GRANT SELECT, INSERT, DELETE ON retention.event TO sm_retention;
