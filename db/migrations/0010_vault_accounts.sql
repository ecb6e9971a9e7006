-- vault, first half: keys, organisations, accounts, sessions, and the outbox of audit events. Only
-- sm_crypto reaches it, and gets no more than the statements in services/crypto need. Every key
-- here is wrapped, every password hashed, every secret of a session only its HMAC; what decides
-- about identity carries a MAC (column mac), so that an edited row is noticed.

-- One row per master key that was ever in use: proves at start that the configured one is right.
CREATE TABLE vault.key_check (
    version    bigint PRIMARY KEY,
    value      bytea  NOT NULL CHECK (octet_length(value) = 32),
    created_ms bigint NOT NULL
);
GRANT SELECT, INSERT ON vault.key_check TO sm_crypto;

CREATE TABLE vault.service_key (
    purpose    text   NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),
    wrapped    bytea  NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (purpose, version)
);
GRANT SELECT, INSERT ON vault.service_key TO sm_crypto;

-- The short-lived keys that requests are sealed to. Deleted after their grace: then recorded
-- requests stay closed for good.
CREATE TABLE vault.hpke_key (
    kid           bytea  PRIMARY KEY CHECK (octet_length(kid) = 8),
    public        bytea  NOT NULL CHECK (octet_length(public) = 65),
    wrapped       bytea  NOT NULL,
    not_before_ms bigint NOT NULL,
    not_after_ms  bigint NOT NULL,
    signature     bytea  NOT NULL CHECK (octet_length(signature) = 64)
);
GRANT SELECT, INSERT, DELETE ON vault.hpke_key TO sm_crypto;

CREATE TABLE vault.organisation (
    organisation      bytea  PRIMARY KEY CHECK (octet_length(organisation) = 16),
    name              text   NOT NULL UNIQUE,
    base_url          text   NOT NULL, -- of links; empty: the configured one
    from_address      text   NOT NULL, -- of notifications; empty: the notifier's
    language          text   NOT NULL,
    colour            text   NOT NULL,
    methods           bigint NOT NULL, -- policy: bits of enum method
    lifetime_days_max bigint NOT NULL,
    recipients_max    bigint NOT NULL,
    attachments_max   bigint NOT NULL,
    total_bytes_max   bigint NOT NULL,
    created_ms        bigint NOT NULL,
    mac               bytea  NOT NULL
);
GRANT SELECT, INSERT ON vault.organisation TO sm_crypto;
GRANT UPDATE (methods, lifetime_days_max, recipients_max, attachments_max, total_bytes_max, mac)
    ON vault.organisation TO sm_crypto;

CREATE TABLE vault.organisation_key (
    organisation bytea  NOT NULL REFERENCES vault.organisation,
    version      bigint NOT NULL CHECK (version > 0),
    wrapped      bytea  NOT NULL,
    created_ms   bigint NOT NULL,
    PRIMARY KEY (organisation, version)
);
GRANT SELECT, INSERT ON vault.organisation_key TO sm_crypto;

-- People of an organisation. The address is the name they sign in with: one account each, in
-- lower case. failures and locked_until_ms are the throttle of guessing.
CREATE TABLE vault.account (
    account         bytea  PRIMARY KEY CHECK (octet_length(account) = 16),
    organisation    bytea  NOT NULL REFERENCES vault.organisation,
    email           text   NOT NULL UNIQUE,
    name            text   NOT NULL,
    roles           bigint NOT NULL,
    verifier        bytea  NOT NULL,
    state           bigint NOT NULL, -- 1 active, 2 disabled
    failures        bigint NOT NULL,
    locked_until_ms bigint NOT NULL,
    created_ms      bigint NOT NULL,
    mac             bytea  NOT NULL
);
CREATE INDEX ON vault.account (organisation);
GRANT SELECT, INSERT ON vault.account TO sm_crypto;
GRANT UPDATE (verifier, state, failures, locked_until_ms, mac) ON vault.account TO sm_crypto;

-- The same throttle for addresses that have no account, so that a lock does not tell which have
-- one. The address stands here as an HMAC; rows go when they are old.
CREATE TABLE vault.stranger (
    address         bytea  PRIMARY KEY CHECK (octet_length(address) = 32),
    failures        bigint NOT NULL,
    locked_until_ms bigint NOT NULL,
    expires_ms      bigint NOT NULL
);
CREATE INDEX ON vault.stranger (expires_ms);
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.stranger TO sm_crypto;

-- Signed-in users. proof is the HMAC of the session's secret, bound to all other columns.
CREATE TABLE vault.session (
    session      bytea  PRIMARY KEY CHECK (octet_length(session) = 16),
    account      bytea  NOT NULL REFERENCES vault.account,
    expires_ms   bigint NOT NULL,
    proof        bytea  NOT NULL
);
CREATE INDEX ON vault.session (account);
CREATE INDEX ON vault.session (expires_ms);
GRANT SELECT, INSERT, DELETE ON vault.session TO sm_crypto;
GRANT UPDATE (expires_ms) ON vault.session TO sm_crypto; -- the right to lock old rows (SKIP LOCKED)

-- Sealed requests that had an effect: written in the transaction of the effect, so that a replay
-- at any replica has none. Rows go when the time token of such a request is no longer accepted.
CREATE TABLE vault.seen_request (
    request    bytea  PRIMARY KEY CHECK (octet_length(request) = 16),
    expires_ms bigint NOT NULL
);
CREATE INDEX ON vault.seen_request (expires_ms);
GRANT SELECT, INSERT, DELETE ON vault.seen_request TO sm_crypto;
GRANT UPDATE (expires_ms) ON vault.seen_request TO sm_crypto; -- as above

-- The transactional outbox of audit events (lib/db/outbox.h).
CREATE TABLE vault.event (
    id    bigserial PRIMARY KEY,
    event bytea NOT NULL UNIQUE CHECK (octet_length(event) = 16),
    body  bytea NOT NULL
);
GRANT SELECT, INSERT, DELETE ON vault.event TO sm_crypto;
GRANT USAGE ON SEQUENCE vault.event_id_seq TO sm_crypto;
