-- What is to be looked at a second time. A block of a broken connection may be on its way to an object
-- server while its message is purged, and arrive behind it; when it cannot come any more, retention
-- deletes once more what lies there, and the row goes.

CREATE TABLE retention.again (
    message  bytea PRIMARY KEY CHECK (length(message) = 16),
    after_ms bigint NOT NULL
);
CREATE INDEX again_after ON retention.again (after_ms);

GRANT SELECT, INSERT, DELETE ON retention.again TO sm_retention;
