-- As many shards as workers of a crypto process may be: with one each, no send waits for the COMMIT of
-- another that counts in the same row.
ALTER TABLE vault.usage DROP CONSTRAINT usage_shard_check;
ALTER TABLE vault.usage ADD CONSTRAINT usage_shard_check CHECK (shard BETWEEN 0 AND 63);
