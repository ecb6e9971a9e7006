-- When the checkpoint of an organisation's log is next mailed to its administrators and auditors.
-- 0: now, somebody asked. Only sm_crypto reaches it. No MAC: who moves the time can at most delay a
-- mail by one interval (a time further off counts as due).
CREATE TABLE vault.anchor (
    organisation bytea  PRIMARY KEY REFERENCES vault.organisation,
    due_ms       bigint NOT NULL
);
CREATE INDEX ON vault.anchor (due_ms);
GRANT SELECT, INSERT, UPDATE ON vault.anchor TO sm_crypto;
