-- The second factor of users (TOTP, RFC 6238), and when somebody last signed in. Only sm_crypto
-- reaches these, as all of vault.

-- has_totp is under the account's MAC: removing somebody's row below does not remove the factor, it
-- closes the account. last_sign_in_ms is shown to administrators and decides nothing.
ALTER TABLE vault.account ADD COLUMN has_totp boolean NOT NULL DEFAULT false;
ALTER TABLE vault.account ADD COLUMN last_sign_in_ms bigint NOT NULL DEFAULT 0;
-- name and roles: an administrator changes them.
GRANT UPDATE (name, roles, has_totp, last_sign_in_ms) ON vault.account TO sm_crypto;

-- One row an account. The secret is wrapped under the organisation's key and bound to the account;
-- recovery is ten HMACs in a row, of which a used one is all zero. last_step is the newest time step
-- that was accepted: neither it nor an older one is taken again. The MAC covers all columns.
CREATE TABLE vault.totp (
    account   bytea  PRIMARY KEY REFERENCES vault.account,
    state     bigint NOT NULL CHECK (state IN (1, 2)), -- 1 begun, 2 confirmed
    wrapped   bytea  NOT NULL,
    last_step bigint NOT NULL,
    recovery  bytea  NOT NULL,
    mac       bytea  NOT NULL
);
-- UPDATE: a step is used, a code is used up. DELETE: the factor is switched off.
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.totp TO sm_crypto;
