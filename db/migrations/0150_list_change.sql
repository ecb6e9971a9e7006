-- Whether a sender's list is still what it was: a random word for each sender, and another one in each transaction
-- that changes a row of his list. The gateway keeps the page that it answered last, and reads it again only where the word
-- is another (services/gateway/kept_lists.h). Random, and not counted, so that a word never comes back with other rows: not by a
-- restore, and not by a COMMIT that the database forgot in a crash.
CREATE TABLE mail.list_change (
    organisation bytea NOT NULL,
    sender       bytea NOT NULL,
    word         bytea NOT NULL CHECK (length(word) = 16),
    PRIMARY KEY (organisation, sender)
) WITH (fillfactor = 50); -- room for the next word on the same page
-- The triggers below run with the rights of who writes. None of them with its owner's, which are those of who migrates.
GRANT SELECT, INSERT, UPDATE ON mail.list_change TO sm_gateway, sm_retention;

-- The release that runs meanwhile writes these tables in an order of its own: no projection is in the middle of it
-- while its cursor is held, and retention takes them in this one.
DO $$ BEGIN PERFORM FROM mail.cursor WHERE feed = 'crypto' FOR NO KEY UPDATE; END $$;
LOCK TABLE mail.recipient IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE mail.message IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO mail.list_change
SELECT organisation, sender, uuid_send(gen_random_uuid())
FROM (SELECT DISTINCT organisation, sender FROM mail.message WHERE sender IS NOT NULL) AS theirs;

-- By triggers, so that no statement that writes these tables, of whomever, can leave it out. At the end of the transaction: who
-- has the row of a sender waits for no row of a message any more. One word a transaction is enough, since
-- nobody sees it before; with one for each row, a thousand rows of a sender would cost a million looks.
CREATE FUNCTION mail.message_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mail.list_change AS known (organisation, sender, word)
    SELECT organisation, sender, uuid_send(gen_random_uuid())
    FROM (SELECT OLD.organisation, OLD.sender UNION SELECT NEW.organisation, NEW.sender) AS theirs
    WHERE sender IS NOT NULL
    ON CONFLICT (organisation, sender) DO UPDATE SET word = EXCLUDED.word
        WHERE known.xmin <> pg_current_xact_id()::xid;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER message_changed AFTER INSERT OR UPDATE OR DELETE ON mail.message
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mail.message_changed();

-- A reply stands in the list with its recipient's address. A recipient who comes or goes changes the row of his message too, in
-- the same transaction (services/gateway/counts.h), and its sender is the one whose reply it is: so only another address is to be told.
CREATE FUNCTION mail.address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mail.list_change AS known SET word = uuid_send(gen_random_uuid())
    FROM mail.message AS m
    WHERE m.message = NEW.message AND (known.organisation, known.sender) = (m.organisation, m.sender);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER address_changed AFTER UPDATE ON mail.recipient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.address IS DISTINCT FROM NEW.address)
    EXECUTE FUNCTION mail.address_changed();
