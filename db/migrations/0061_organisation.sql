-- What an administrator sets of his organisation: how recipients see it, and what senders may
-- choose. Only sm_crypto reaches these. The organisation's MAC covers all columns that are not at
-- their default; a logo lies apart (it is large), and the organisation's row has its SHA-256.

ALTER TABLE vault.organisation ADD COLUMN from_name text NOT NULL DEFAULT ''; -- of notifications; empty: name
ALTER TABLE vault.organisation ADD COLUMN contact text NOT NULL DEFAULT '';   -- a line for who cannot open
ALTER TABLE vault.organisation ADD COLUMN logo_digest bytea NOT NULL DEFAULT ''; -- empty: no logo
ALTER TABLE vault.organisation ADD COLUMN lifetimes bigint NOT NULL DEFAULT 0; -- bits of 1, 7, 30 days; 0: by lifetime_days_max
ALTER TABLE vault.organisation ADD COLUMN method_floor bigint NOT NULL DEFAULT 0; -- weakest method; 0: any
ALTER TABLE vault.organisation ADD COLUMN default_method bigint NOT NULL DEFAULT 0; -- 0: none is preset
ALTER TABLE vault.organisation ADD COLUMN default_lifetime_days bigint NOT NULL DEFAULT 0;
-- An administrator changes these; base_url stays the operator's, for links lead there.
GRANT UPDATE (name, from_address, language, colour, from_name, contact, logo_digest, lifetimes,
    method_floor, default_method, default_lifetime_days) ON vault.organisation TO sm_crypto;

CREATE TABLE vault.organisation_logo (
    organisation bytea PRIMARY KEY REFERENCES vault.organisation,
    image        bytea NOT NULL CHECK (octet_length(image) BETWEEN 1 AND 32768)
);
-- One an organisation: replaced, or removed.
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.organisation_logo TO sm_crypto;
