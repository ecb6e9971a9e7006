-- What the gateway knows: metadata of messages, projected from crypto's and the notifier's feeds, and
-- which ciphertext lies in the object store. No key, no secret, no content: a subject stands here
-- only sealed. Times are milliseconds since 1970 UTC.
--
-- sm_gateway reaches this schema and nothing else. sm_retention may delete by message id (and read
-- the id and state to find rows by), because deletes are its duty and nobody else's.

-- A message under composition: from the first upload until crypto has committed the send.
CREATE TABLE mail.draft (
    message      bytea PRIMARY KEY CHECK (length(message) = 16),
    organisation bytea NOT NULL CHECK (length(organisation) = 16),
    -- Until then its uploads are kept; later the sweep asks crypto and deletes.
    expires_ms   bigint NOT NULL,
    -- A send was carried to crypto at this time and its outcome may be unknown: parts are frozen.
    sending_ms   bigint,
    -- The sweep has taken it: no send and no upload any more.
    is_swept     boolean NOT NULL DEFAULT false
);
CREATE INDEX draft_expires ON mail.draft (expires_ms);

-- An upload by tus. How much has arrived is told by the store, which cannot be ahead of the disk.
CREATE TABLE mail.upload (
    upload      bytea PRIMARY KEY CHECK (length(upload) = 16),
    message     bytea NOT NULL REFERENCES mail.draft ON DELETE CASCADE,
    part        bigint NOT NULL CHECK (part BETWEEN 0 AND 100),
    length      bigint NOT NULL CHECK (length > 0),
    is_finished boolean NOT NULL DEFAULT false,
    UNIQUE (message, part)
);

-- A row here means: this ciphertext is whole and durable in the object store.
CREATE TABLE mail.object (
    message bytea NOT NULL CHECK (length(message) = 16),
    part    bigint NOT NULL CHECK (part BETWEEN 0 AND 100),
    size    bigint NOT NULL CHECK (size > 0),
    PRIMARY KEY (message, part)
);

-- --- projected from crypto's feed ---
CREATE TABLE mail.message (
    message        bytea PRIMARY KEY CHECK (length(message) = 16),
    version        bigint NOT NULL,
    organisation   bytea NOT NULL,
    sender         bytea, -- the user in whose list it stands
    parent         bytea, -- the message that it follows up
    link           bytea, -- of a reply: from which it came
    direction      bigint NOT NULL CHECK (direction IN (0, 1)),
    state          bigint NOT NULL CHECK (state BETWEEN 1 AND 3),
    parts          bigint NOT NULL,
    created_ms     bigint NOT NULL,
    expires_ms     bigint NOT NULL,
    name           text NOT NULL, -- of who wrote it
    subject_sealed bytea NOT NULL
);
CREATE INDEX message_list ON mail.message (organisation, sender, created_ms DESC, message DESC);
CREATE INDEX message_parent ON mail.message (parent) WHERE parent IS NOT NULL;

CREATE TABLE mail.recipient (
    link            bytea PRIMARY KEY CHECK (length(link) = 16),
    version         bigint NOT NULL,
    message         bytea NOT NULL,
    state           bigint NOT NULL CHECK (state BETWEEN 1 AND 4),
    method          bigint NOT NULL,
    address         text NOT NULL,
    name            text NOT NULL,
    expires_ms      bigint NOT NULL,
    opened_ms       bigint NOT NULL,
    replied_ms      bigint NOT NULL,
    locked_until_ms bigint NOT NULL,
    is_frozen       boolean NOT NULL
);
CREATE INDEX recipient_message ON mail.recipient (message);

-- --- projected from the notifier's feed; may come before the recipient's row ---
CREATE TABLE mail.delivery (
    link    bytea PRIMARY KEY CHECK (length(link) = 16),
    message bytea NOT NULL,
    result  bigint NOT NULL,
    at_ms   bigint NOT NULL
);
CREATE INDEX delivery_message ON mail.delivery (message);

-- How far each feed is projected; moves in the transaction that projects.
CREATE TABLE mail.cursor (
    feed text PRIMARY KEY,
    tx   bigint NOT NULL,
    id   bigint NOT NULL
);
INSERT INTO mail.cursor VALUES ('crypto', 0, 0), ('notifier', 0, 0);

-- Messages and links whose downloads must stop; kept a little longer than a capability lives, so
-- that every gateway sees it.
CREATE TABLE mail.closed (
    closed bytea PRIMARY KEY CHECK (length(closed) = 16),
    at_ms  bigint NOT NULL
);
CREATE INDEX closed_at ON mail.closed (at_ms);

-- Sessions that ended before their time: their cookies are refused.
CREATE TABLE mail.ended_session (
    session bytea PRIMARY KEY CHECK (length(session) = 16),
    at_ms   bigint NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON mail.draft, mail.upload, mail.object, mail.message,
    mail.recipient, mail.delivery, mail.closed, mail.ended_session TO sm_gateway;
-- The two cursors exist for ever: they move, and nothing else.
GRANT SELECT, UPDATE ON mail.cursor TO sm_gateway;

-- After ciphertext is gone, what named it goes: parts and drafts always, the rest when the sender
-- deleted the message (after expiry and revocation the row stays in the list). Reading is limited
-- to the columns that a DELETE needs to find its rows.
GRANT SELECT (message), DELETE ON mail.draft, mail.upload, mail.object, mail.recipient,
    mail.delivery TO sm_retention;
GRANT SELECT (message, state), DELETE ON mail.message TO sm_retention;
