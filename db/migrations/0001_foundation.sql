-- Roles, schemas and the one clock. Each service has a role and a schema of its own and reaches
-- nothing else; what crosses is granted where the table is made, with the reason.

DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['gateway', 'crypto', 'notifier', 'retention', 'audit'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sm_' || service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', 'sm_' || service);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Everything that is decided by time reads this function. Tests replace it in their own database;
-- the programs have no switch for it. stable would freeze it within a statement, which is wanted:
-- one statement sees one time.
CREATE SCHEMA clock;
GRANT USAGE ON SCHEMA clock TO sm_gateway, sm_crypto, sm_notifier, sm_retention, sm_audit;

CREATE FUNCTION clock.now() RETURNS timestamptz
    LANGUAGE sql STABLE AS 'SELECT clock_timestamp()';

-- The same in milliseconds since 1970 UTC, as everything is stored and sent.
CREATE FUNCTION clock.now_ms() RETURNS bigint
    LANGUAGE sql STABLE AS 'SELECT floor(extract(epoch FROM clock.now()) * 1000)::bigint';

CREATE SCHEMA vault;
CREATE SCHEMA mail;
CREATE SCHEMA outbox;
CREATE SCHEMA retention;
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA vault TO sm_crypto;
GRANT USAGE ON SCHEMA mail TO sm_gateway, sm_retention;
GRANT USAGE ON SCHEMA outbox TO sm_notifier;
GRANT USAGE ON SCHEMA retention TO sm_retention;
GRANT USAGE ON SCHEMA audit TO sm_audit;
