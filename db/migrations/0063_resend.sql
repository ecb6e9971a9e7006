-- How often a recipient's notification was mailed again, and when last. It bounds how much mail a
-- sender can cause; it decides about no identity and no key, so it carries no MAC. The row goes with
-- the link. Only sm_crypto reaches it.
CREATE TABLE vault.resend (
    link    bytea  PRIMARY KEY REFERENCES vault.link ON DELETE CASCADE,
    times   bigint NOT NULL,
    last_ms bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON vault.resend TO sm_crypto;
