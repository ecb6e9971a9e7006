-- A rotation takes a hundred messages after the other, in the order of their ids: each hundred costs a
-- hundred now, and not a sort of all that are behind.
DROP INDEX vault.message_wrap_version;
CREATE INDEX message_wrap_version ON vault.message (organisation, vault.wrap_version(wrapped), message)
    WHERE wrapped IS NOT NULL;

CREATE INDEX ended_session_at ON mail.ended_session (at_ms);
