-- Erasing a personal value from the log is an operation of audit, and an entry of the log: no value
-- goes without an entry that names it, whoever has audit's role. docs/decisions/0115-erasure.md.

-- The function below is the only hand that deletes. Nobody signs in as its owner any more.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sm_audit_eraser' AND rolcanlogin) THEN
        ALTER ROLE sm_audit_eraser NOLOGIN;
    END IF;
END
$$;
GRANT SELECT (organisation, seq, body) ON audit.entry TO sm_audit_eraser;

-- Carries out what an entry of kind personal-erased says, and nothing else. Repeatable. Answers how
-- many values it deleted.
CREATE FUNCTION audit.erase(of_organisation bytea, by_seq bigint) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH teller AS (
        SELECT convert_from(body, 'UTF8')::jsonb AS entry FROM audit.entry
        WHERE organisation = of_organisation AND seq = by_seq
    ), told AS (
        SELECT (each ->> 'seq')::bigint AS seq, (each ->> 'place')::bigint AS place
        FROM teller, jsonb_array_elements(entry -> 'erased') AS each
        WHERE entry ->> 'kind' = 'personal-erased' AND entry ->> 'source' = 'audit'
    ), gone AS (
        DELETE FROM audit.disclosure AS d USING told
        WHERE d.organisation = of_organisation AND d.seq = told.seq AND d.place = told.place
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;
ALTER FUNCTION audit.erase(bytea, bigint) OWNER TO sm_audit_eraser;
REVOKE EXECUTE ON FUNCTION audit.erase(bytea, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.erase(bytea, bigint) TO sm_audit;

-- The journal of erasures has them too: `thing` is then the event of the entry, and the kind names
-- the value's place in it. Audit erases them again before it serves; crypto does the other kinds.
ALTER TABLE restore.erasure DROP CONSTRAINT erasure_kind_check;
ALTER TABLE restore.erasure ADD CONSTRAINT erasure_kind_check CHECK (kind IN
    ('deleted', 'revoked', 'link-revoked', 'value-0', 'value-1', 'value-2', 'value-3'));
GRANT SELECT, DELETE ON restore.erasure TO sm_audit;
