/*
 * A real PostgreSQL database for a test: fresh, with all migrations applied, dropped at the end.
 * tests/support/cluster keeps the private cluster behind it (started by the first who asks, shared
 * by all test programs of this worktree; SM_TEST_PG names another). A test never skips for want of
 * a database: it fails, and the reason is on standard error.
 *
 *     struct database *database DEFER(database_free) = NULL;
 *     assert_ok(database_new(&database));
 *     assert_ok(db_open(database_conninfo(database, "sm_crypto").text, &db));
 */
#ifndef SM_TESTS_SUPPORT_DATABASE_H
#define SM_TESTS_SUPPORT_DATABASE_H

#include "base/error.h"

#include <stdint.h>

struct database;

/* Takes some tenths of a second: one per test program, or one per test where rows get in the way.
 * The caller owns *out. */
SM_MUST_USE enum sm_error database_new(struct database **out);
void database_free(struct database **database);

/* Connection text for a role: "sm_crypto", ..., or "postgres", the superuser. */
struct database_conninfo {
    char text[256];
};
struct database_conninfo database_conninfo(const struct database *database, const char *role);

/* Runs SQL as superuser, any number of commands (one thread at a time): what an attacker with the
 * database can do. */
SM_MUST_USE enum sm_error database_run(struct database *database, const char *sql);

/* The number that a query gives (first column of its first row; 0 if it gives none). */
SM_MUST_USE enum sm_error database_number(struct database *database, const char *sql, int64_t *out);

/* Moves clock.now() so many seconds from the true time, in this database alone. */
SM_MUST_USE enum sm_error database_clock_shift(struct database *database, int64_t seconds);

#endif
