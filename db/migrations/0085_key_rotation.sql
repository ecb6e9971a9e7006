-- Rotation of keys while mail goes on. What is wrapped says in its first four bytes under which
-- version of its key; a row is behind while a newer version is there. An old version is destroyed
-- when no row is behind, under a lock that whoever wraps holds too (services/crypto/kek.c,
-- organisation_key.c).

-- The check value of a master key that was rotated away stays, so that a start with that key can be
-- told from one with a wrong key. It opens nothing: it is an HKDF output of its own.
ALTER TABLE vault.key_check ADD COLUMN retired_ms bigint;

-- UPDATE: what is wrapped under a rotated key is wrapped anew; and the right to lock rows.
GRANT UPDATE (retired_ms) ON vault.key_check TO sm_crypto;
GRANT UPDATE (wrapped) ON vault.service_key, vault.hpke_key, vault.organisation_key TO sm_crypto;
-- DELETE: a version that nothing is wrapped under any more.
GRANT DELETE ON vault.organisation_key TO sm_crypto;

-- The version that a wrapped value names; 0 for bytes that are too short to name one.
CREATE FUNCTION vault.wrap_version(wrapped bytea) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS 'SELECT CASE WHEN octet_length(wrapped) < 4 THEN 0 ELSE
            get_byte(wrapped, 0)::bigint * 16777216 + get_byte(wrapped, 1) * 65536
            + get_byte(wrapped, 2) * 256 + get_byte(wrapped, 3) END';

-- What is behind costs what is behind, however much is stored.
CREATE INDEX message_wrap_version ON vault.message (organisation, vault.wrap_version(wrapped))
    WHERE wrapped IS NOT NULL;

-- Every row that is wrapped: under which key (an organisation's; the master key where organisation
-- is NULL), and which version of it.
CREATE VIEW vault.wrapped_row AS
    SELECT NULL::bytea AS organisation, vault.wrap_version(wrapped) AS version, 'service key' AS kind
        FROM vault.service_key
    UNION ALL SELECT NULL, vault.wrap_version(wrapped), 'organisation key' FROM vault.organisation_key
    UNION ALL SELECT NULL, vault.wrap_version(wrapped), 'hpke key' FROM vault.hpke_key
    UNION ALL SELECT organisation, vault.wrap_version(wrapped), 'message key'
        FROM vault.message WHERE wrapped IS NOT NULL
    UNION ALL SELECT account.organisation, vault.wrap_version(totp.wrapped), 'totp secret'
        FROM vault.totp JOIN vault.account USING (account);

-- How many rows each live version of the master key and of every organisation's key has. Those of an
-- old version are behind: the state of a rotation as a query.
CREATE VIEW vault.key_version AS
    SELECT organisation, key.version, created_ms, coalesce(rows, 0) AS rows,
        key.version < max(key.version) OVER (PARTITION BY organisation) AS is_old
    FROM (SELECT NULL::bytea AS organisation, version, created_ms
              FROM vault.key_check WHERE retired_ms IS NULL
          UNION ALL SELECT organisation, version, created_ms FROM vault.organisation_key) AS key
        LEFT JOIN (SELECT coalesce(organisation, '') AS owner, version, count(*) AS rows
                FROM vault.wrapped_row GROUP BY 1, 2) AS counted
            ON counted.version = key.version AND owner = coalesce(organisation, '');
GRANT SELECT ON vault.wrapped_row, vault.key_version TO sm_crypto;
