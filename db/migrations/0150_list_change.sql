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
GRANT SELECT ON mail.list_change TO sm_gateway;
INSERT INTO mail.list_change
SELECT organisation, sender, uuid_send(gen_random_uuid())
FROM (SELECT DISTINCT organisation, sender FROM mail.message WHERE sender IS NOT NULL) AS theirs;

-- By triggers, so that no statement that writes these tables, of whomever, can leave it out. At the end of the transaction: who
-- has the row of a sender waits for no row of a message any more.
CREATE FUNCTION mail.message_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO mail.list_change AS old (organisation, sender, word)
    SELECT organisation, sender, uuid_send(gen_random_uuid())
    FROM (SELECT OLD.organisation, OLD.sender UNION SELECT NEW.organisation, NEW.sender) AS theirs
    WHERE sender IS NOT NULL
    ON CONFLICT (organisation, sender) DO UPDATE SET word = EXCLUDED.word;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER message_changed AFTER INSERT OR UPDATE OR DELETE ON mail.message
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mail.message_changed();

-- A reply stands in the list with its recipient's address. A recipient who comes or goes changes his message's row too
-- (services/gateway/counts.h), so only another address is to be told.
CREATE FUNCTION mail.address_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE mail.list_change AS c SET word = uuid_send(gen_random_uuid())
    FROM mail.message AS m
    WHERE m.message = NEW.message AND (c.organisation, c.sender) = (m.organisation, m.sender);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER address_changed AFTER UPDATE ON mail.recipient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.address IS DISTINCT FROM NEW.address)
    EXECUTE FUNCTION mail.address_changed();
