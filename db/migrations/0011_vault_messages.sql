-- vault, second half: messages, links, codes, recipients' sessions, waiting mail, and the feed. Only
-- sm_crypto reaches it. No row here opens anything by itself: message keys are wrapped, passwords
-- hashed, codes and session secrets HMACs, letters sealed. Rows that decide about identity or about
-- a key's release carry a MAC over all their columns (column mac), so an edited one is noticed.

-- A message, or a reply to one. What is destroyed is NULL: key, subject and parts after expiry; of
-- a deleted message only ids stay, so that its name is never taken again.
CREATE TABLE vault.message (
    message        bytea  PRIMARY KEY CHECK (octet_length(message) = 16),
    organisation   bytea  NOT NULL REFERENCES vault.organisation,
    sender         bytea  NOT NULL REFERENCES vault.account, -- of a reply: who gets it
    direction      bigint NOT NULL,
    parent         bytea,                -- the message that this follows up
    from_link      bytea,                -- of a reply: the link it was written through
    state          bigint NOT NULL,      -- enum message_state
    created_ms     bigint NOT NULL,
    expires_ms     bigint NOT NULL,
    lifetime_ms    bigint NOT NULL,
    language       text   NOT NULL,
    wrapped        bytea,                -- the message key, under the organisation's key
    subject_sealed bytea,
    parts          bytea,                -- of each part: ciphertext size u64 || commitment 32
    digest         bytea,                -- HMAC of the content under the message key: a repeat is known
    version        bigint NOT NULL,
    mac            bytea  NOT NULL,
    due_ms         bigint                -- when ciphertext is to go; NULL: it is gone
);
-- What is due costs what is due, however much is stored.
CREATE INDEX message_due ON vault.message (due_ms) WHERE due_ms IS NOT NULL;
GRANT SELECT, INSERT ON vault.message TO sm_crypto;
GRANT UPDATE (state, wrapped, subject_sealed, parts, digest, version, mac, due_ms)
    ON vault.message TO sm_crypto;

-- Bytes of ciphertext that an organisation has stored, in 16 shards, so that senders do not wait
-- for each other; the sum counts.
CREATE TABLE vault.usage (
    organisation bytea  NOT NULL REFERENCES vault.organisation,
    shard        bigint NOT NULL CHECK (shard BETWEEN 0 AND 15),
    bytes        bigint NOT NULL,
    PRIMARY KEY (organisation, shard)
);
GRANT SELECT, INSERT, UPDATE ON vault.usage TO sm_crypto;

CREATE TABLE vault.link (
    link            bytea   PRIMARY KEY CHECK (octet_length(link) = 16),
    message         bytea   NOT NULL REFERENCES vault.message,
    organisation    bytea   NOT NULL,
    address         text    NOT NULL,
    name            text    NOT NULL,
    method          bigint  NOT NULL,    -- enum method: one
    verifier        bytea,               -- of the password; NULL: none, or destroyed
    generation      bigint  NOT NULL,    -- of the link's secret
    state           bigint  NOT NULL,    -- 1 live, 2 revoked
    expires_ms      bigint  NOT NULL,
    window_failures bigint  NOT NULL,
    total_failures  bigint  NOT NULL,
    epoch           bigint  NOT NULL,
    locked_until_ms bigint  NOT NULL,
    is_frozen       boolean NOT NULL,
    is_sender_told  boolean NOT NULL,
    opened_ms       bigint  NOT NULL,
    replied_ms      bigint  NOT NULL,
    replies         bigint  NOT NULL,
    version         bigint  NOT NULL,
    mac             bytea   NOT NULL
);
CREATE INDEX ON vault.link (message);
GRANT SELECT, INSERT, DELETE ON vault.link TO sm_crypto;
GRANT UPDATE (verifier, generation, state, window_failures, total_failures, epoch, locked_until_ms,
    is_frozen, is_sender_told, opened_ms, replied_ms, replies, version, mac) ON vault.link TO sm_crypto;

-- One-time codes. proof is the code's HMAC, bound to link and times; a used one is emptied, so it
-- cannot be used again by resetting a flag. Rows stay for an hour: they count resends.
CREATE TABLE vault.code (
    id         bigserial PRIMARY KEY,
    link       bytea  NOT NULL REFERENCES vault.link ON DELETE CASCADE,
    proof      bytea  NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX ON vault.code (link, id);
GRANT SELECT, INSERT, DELETE ON vault.code TO sm_crypto;
GRANT UPDATE (proof) ON vault.code TO sm_crypto;
GRANT USAGE ON SEQUENCE vault.code_id_seq TO sm_crypto;

-- Recipients who have proven who they are. proof: as vault.session's.
CREATE TABLE vault.link_session (
    session    bytea  PRIMARY KEY CHECK (octet_length(session) = 16),
    link       bytea  NOT NULL REFERENCES vault.link ON DELETE CASCADE,
    expires_ms bigint NOT NULL,
    proof      bytea  NOT NULL
);
CREATE INDEX ON vault.link_session (link);
CREATE INDEX ON vault.link_session (expires_ms);
GRANT SELECT, INSERT, DELETE ON vault.link_session TO sm_crypto;

-- Letters on their way to the notifier, sealed to its key. They wait for their event to be in the
-- log: waits_for is an id of vault.event, which goes when audit has acknowledged it.
CREATE TABLE vault.mail_job (
    id            bigserial PRIMARY KEY,
    job           bytea  NOT NULL UNIQUE CHECK (octet_length(job) = 16),
    organisation  bytea  NOT NULL,
    message       bytea  NOT NULL,
    link          bytea,
    kind          bigint NOT NULL,
    not_before_ms bigint NOT NULL,
    not_after_ms  bigint NOT NULL,
    waits_for     bytea,
    sealed        bytea  NOT NULL
);
CREATE INDEX ON vault.mail_job (message);
GRANT SELECT, INSERT, DELETE ON vault.mail_job TO sm_crypto;
GRANT USAGE ON SEQUENCE vault.mail_job_id_seq TO sm_crypto;

-- Cancels on their way to the notifier, for letters that it has already.
CREATE TABLE vault.mail_cancel (
    id      bigserial PRIMARY KEY,
    message bytea NOT NULL,
    link    bytea
);
GRANT SELECT, INSERT, DELETE ON vault.mail_cancel TO sm_crypto;
GRANT USAGE ON SEQUENCE vault.mail_cancel_id_seq TO sm_crypto;

-- What the gateway projects: the newest item of each thing, in the order of (tx, id). A thing is a
-- message's metadata, a message's state, a link, or an ended session.
CREATE TABLE vault.feed (
    id            bigserial PRIMARY KEY,
    tx            xid8   NOT NULL DEFAULT pg_current_xact_id(),
    kind          bigint NOT NULL,
    thing         bytea  NOT NULL,       -- id of message, link or session
    message       bytea,                 -- of which message
    keep_until_ms bigint,                -- NULL: as long as it is the newest
    body          bytea  NOT NULL,       -- struct feed_item, packed
    UNIQUE (kind, thing)
);
CREATE INDEX ON vault.feed (tx, id);
CREATE INDEX ON vault.feed (message);
CREATE INDEX ON vault.feed (keep_until_ms) WHERE keep_until_ms IS NOT NULL;
GRANT SELECT, INSERT, DELETE ON vault.feed TO sm_crypto;
GRANT USAGE ON SEQUENCE vault.feed_id_seq TO sm_crypto;
