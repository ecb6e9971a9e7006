-- What an attempt that was broken off left is no index.
DROP INDEX CONCURRENTLY IF EXISTS vault.message_wrapped_under;
CREATE INDEX CONCURRENTLY message_wrapped_under ON vault.message (organisation, substring(wrapped FROM 1 FOR 4), message)
    WHERE wrapped IS NOT NULL;
