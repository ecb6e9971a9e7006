-- When a link's page was first shown to somebody (a hello arrived): a person, or a mail scanner that
-- runs scripts. It decides nothing, so it carries no MAC; it goes with the link. Only sm_crypto
-- reaches it.
CREATE TABLE vault.shown (
    link  bytea  PRIMARY KEY REFERENCES vault.link ON DELETE CASCADE,
    at_ms bigint NOT NULL
);
GRANT SELECT, INSERT ON vault.shown TO sm_crypto;

-- Projected from crypto's feed; may come before the recipient's row, as mail.delivery.
CREATE TABLE mail.shown (
    link    bytea  PRIMARY KEY CHECK (length(link) = 16),
    message bytea  NOT NULL,
    at_ms   bigint NOT NULL
);
CREATE INDEX shown_message ON mail.shown (message);
GRANT SELECT, INSERT, DELETE ON mail.shown TO sm_gateway;
-- Goes with what the sender deleted.
GRANT SELECT (message), DELETE ON mail.shown TO sm_retention;
