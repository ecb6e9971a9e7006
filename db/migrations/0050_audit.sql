-- The audit log. Append-only by right: sm_audit may INSERT and SELECT, nothing else. The exact
-- bytes of an entry are its body; the other columns repeat what the body says, for finding only.

CREATE TABLE audit.entry (
    organisation bytea NOT NULL CHECK (octet_length(organisation) = 16),
    seq          bigint NOT NULL CHECK (seq >= 1),
    event        bytea NOT NULL CHECK (octet_length(event) = 16),
    kind         bigint NOT NULL,              -- enum event_kind; 0: the entry that opens the log
    recorded_ms  bigint NOT NULL,              -- never goes back within a log
    message      bytea,
    link         bytea,
    body         bytea NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 4096),
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (organisation, seq),
    CONSTRAINT entry_event_once UNIQUE (event)
);
CREATE INDEX entry_message ON audit.entry (organisation, message, seq) WHERE message IS NOT NULL;
CREATE INDEX entry_link ON audit.entry (organisation, link, seq) WHERE link IS NOT NULL;
CREATE INDEX entry_kind ON audit.entry (organisation, kind, seq);
CREATE INDEX entry_recorded ON audit.entry (organisation, recorded_ms, seq);

-- Value and salt of the commitments in an entry. What is deleted here is erased; the chain still
-- verifies.
CREATE TABLE audit.disclosure (
    organisation bytea NOT NULL,
    seq          bigint NOT NULL,
    place        bigint NOT NULL CHECK (place BETWEEN 0 AND 3), -- in the entry's "personal"
    name         text NOT NULL,
    value        text NOT NULL,
    salt         bytea NOT NULL CHECK (octet_length(salt) = 32),
    PRIMARY KEY (organisation, seq, place)
);
CREATE INDEX disclosure_value ON audit.disclosure (organisation, value, seq);

-- Signed heads, with the tree's peaks at that size, so that a start hashes only what came after.
CREATE TABLE audit.checkpoint (
    organisation bytea NOT NULL,
    size         bigint NOT NULL CHECK (size >= 1),
    note         text NOT NULL,
    peaks        bytea NOT NULL,
    PRIMARY KEY (organisation, size)
);

GRANT SELECT, INSERT ON audit.entry, audit.disclosure, audit.checkpoint TO sm_audit;

-- Erasing a person's values is another hand than writing the log: no service has this role, an
-- operator takes it for the one statement. SELECT is what DELETE ... WHERE needs.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sm_audit_eraser') THEN
        CREATE ROLE sm_audit_eraser LOGIN;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA audit TO sm_audit_eraser;
GRANT SELECT, DELETE ON audit.disclosure TO sm_audit_eraser;
