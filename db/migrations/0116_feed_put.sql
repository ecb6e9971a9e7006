-- What is newer takes the row of what it supersedes, with a new place in the order: one statement where
-- there were two.
GRANT UPDATE ON vault.feed TO sm_crypto;
