-- What a restore leaves behind for the services to act on, and what it must put right in the rows.
-- deploy/bin/restore calls restore.prepare on the restored database before any service sees it; on a
-- database that was never restored these tables are empty. docs/decisions/0070-backup-and-restore.md.

CREATE SCHEMA restore;
-- crypto erases again and releases the mail, the notifier holds it, audit opens a new epoch.
GRANT USAGE ON SCHEMA restore TO sm_crypto, sm_notifier, sm_audit;

-- One row a restore, for good.
CREATE TABLE restore.run (
    run              bytea   PRIMARY KEY CHECK (octet_length(run) = 16),
    backup           bytea   NOT NULL CHECK (octet_length(backup) = 16),
    backup_ms        bigint  NOT NULL, -- when the backup's snapshot was taken
    restored_ms      bigint  NOT NULL,
    has_journal      boolean NOT NULL, -- false: the operator went on without one
    mail_released_ms bigint            -- NULL: mail that was waiting in the backup is held
);
GRANT SELECT ON restore.run TO sm_crypto, sm_notifier, sm_audit;
GRANT UPDATE (mail_released_ms) ON restore.run TO sm_crypto;

-- What the journal of erasures says was ended since the backup. Crypto ends it again before it
-- serves, and removes the row in the same transaction.
CREATE TABLE restore.erasure (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL,
    kind  text   NOT NULL CHECK (kind IN ('deleted', 'revoked', 'link-revoked')),
    thing bytea  NOT NULL CHECK (octet_length(thing) = 16) -- a message, or of link-revoked a link
);
GRANT SELECT, DELETE ON restore.erasure TO sm_crypto;
GRANT UPDATE (at_ms) ON restore.erasure TO sm_crypto; -- the right to lock a row (SKIP LOCKED)

-- A row: every log has the entry that opens its epoch after that restore.
CREATE TABLE restore.logged (
    run bytea PRIMARY KEY REFERENCES restore.run
);
GRANT SELECT, INSERT ON restore.logged TO sm_audit;

-- A letter that was waiting in a backup may have gone out since: it waits until the mail of the
-- restore is released (restore.run.mail_released_ms). New letters do not.
ALTER TABLE vault.mail_job ADD COLUMN is_from_backup boolean NOT NULL DEFAULT false;
ALTER TABLE outbox.job ADD COLUMN is_from_backup boolean NOT NULL DEFAULT false;

CREATE FUNCTION restore.is_mail_held() RETURNS boolean
    LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM restore.run WHERE mail_released_ms IS NULL)';

CREATE FUNCTION restore.prepare(run bytea, backup bytea, backup_ms bigint, has_journal boolean)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO restore.run VALUES (run, backup, backup_ms, clock.now_ms(), has_journal, NULL);
    -- What was ended before the snapshot is ended in it. An hour, for clocks that were set.
    DELETE FROM restore.erasure e WHERE e.at_ms < backup_ms - 3600000;
    UPDATE vault.mail_job SET is_from_backup = true;
    UPDATE outbox.job SET is_from_backup = true, lease_until_ms = 0, holder_pid = NULL,
        holder_started = NULL WHERE state = 1;
    -- Transaction ids of the old cluster mean nothing here: with them the readers of the feeds would
    -- wait for years. All is projected again, which changes nothing where it was projected.
    UPDATE vault.feed SET tx = '0';
    UPDATE outbox.delivery SET tx = '0';
    UPDATE mail.cursor SET tx = 0, id = 0;
    -- Everybody proves anew who he is, and what was recorded on the way cannot be played again.
    DELETE FROM vault.session;
    DELETE FROM vault.link_session;
    DELETE FROM vault.code;
    DELETE FROM vault.password_reset;
    DELETE FROM vault.hpke_key;
END
$$;
REVOKE EXECUTE ON FUNCTION restore.prepare FROM PUBLIC;
