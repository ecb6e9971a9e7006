-- One-time links with which a user sets a password. proof is the HMAC of the link's secret, bound to
-- the other columns and to the verifier that the account had: a new password, however it was set,
-- ends the link, and an edited row proves nothing. Only sm_crypto reaches it.
CREATE TABLE vault.password_reset (
    reset      bytea  PRIMARY KEY CHECK (octet_length(reset) = 16),
    account    bytea  NOT NULL REFERENCES vault.account,
    expires_ms bigint NOT NULL,
    proof      bytea  NOT NULL
);
CREATE INDEX ON vault.password_reset (account);
CREATE INDEX ON vault.password_reset (expires_ms);
GRANT SELECT, INSERT, DELETE ON vault.password_reset TO sm_crypto;
