-- Which version of its key a message's key is under stands in its first four bytes: indexed as they are. An
-- index over vault.wrap_version, a function in SQL, was a third of what writing a message's row cost: such
-- a function is begun anew for each statement that writes. It is there already where much was stored.
DROP INDEX vault.message_wrap_version;
CREATE INDEX IF NOT EXISTS message_wrapped_under ON vault.message (organisation, substring(wrapped FROM 1 FOR 4), message)
    WHERE wrapped IS NOT NULL;
