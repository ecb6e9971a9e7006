-- The one clock, cheap enough to be asked in every statement. A STABLE function around
-- clock_timestamp(), which is VOLATILE, cannot be inlined: each call cost a tenth of a send. The time
-- at which a statement began is STABLE, so that the whole becomes an expression, and may bound an
-- index scan. A transaction that asks again after waiting for a lock asks in a new statement.
CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz
    LANGUAGE sql STABLE AS 'SELECT statement_timestamp()';
