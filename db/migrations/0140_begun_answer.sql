-- Answers that a recipient has begun and not sent: each has room for a whole message at the gateway until
-- its drafts are swept, so they are counted for each link. No MAC: an edited row gives somebody room for a
-- draft, or takes it, and nothing else; who can write here needs neither.
CREATE TABLE vault.begun_answer (
    message  bytea  PRIMARY KEY CHECK (octet_length(message) = 16),
    link     bytea  NOT NULL REFERENCES vault.link ON DELETE CASCADE,
    until_ms bigint NOT NULL -- then the gateway has swept what was uploaded for it
);
CREATE INDEX ON vault.begun_answer (link, until_ms);
-- UPDATE: begun once more under the same id. DELETE: it was sent, or its time is over.
GRANT SELECT, INSERT, DELETE ON vault.begun_answer TO sm_crypto;
GRANT UPDATE (until_ms) ON vault.begun_answer TO sm_crypto;
