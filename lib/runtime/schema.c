/* Both lists are short, so they are compared name by name. */
#include "runtime/schema.h"

#include "base/log.h"
#include "db/connection.h"

#include <string.h>

#ifndef SM_MIGRATIONS
#define SM_MIGRATIONS "" /* the Makefile names them; without names every database is refused */
#endif

enum { NAME_BYTES_MAX = 128, NAMES_MAX = 1000 };

static const char known[] = SM_MIGRATIONS; /* names with a blank between them */
static const struct statement sql_applied = {
    "schema_applied", "SELECT name FROM migration.applied ORDER BY name LIMIT $1"};

/* Takes the next name off `rest`; false when there is none. */
static bool next_known(struct span *rest, struct span *out)
{
    while (rest->size && *rest->at == ' ')
        *rest = span_slice(*rest, 1, rest->size);
    const uint8_t *blank = rest->size ? memchr(rest->at, ' ', rest->size) : NULL;
    *out = span_of(rest->at, blank ? (size_t)(blank - rest->at) : rest->size);
    *rest = span_slice(*rest, out->size, rest->size);
    return out->size > 0;
}

static bool is_known(struct span name)
{
    struct span rest = span_text(known);
    struct span each;
    while (next_known(&rest, &each))
        if (span_equal(each, name))
            return true;
    return false;
}

static enum sm_error is_applied(const struct db_rows *rows, struct span name, bool *out)
{
    *out = false;
    for (size_t i = 0; i < db_rows_count(rows) && !*out; i++) {
        struct span each;
        TRY(db_read_bytes(rows, i, 0, NAME_BYTES_MAX, &each));
        *out = span_equal(each, name);
    }
    return SM_OK;
}

static enum sm_error refuse(struct span name, const char *cause, const char *remedy)
{
    char text[NAME_BYTES_MAX + 1] = "";
    if (name.size && name.size < sizeof text)
        memcpy(text, name.at, name.size);
    log_line(LOG_ERROR, "schema", "migration", text, "cause", cause, "remedy", remedy, NULL);
    return SM_CONFIG;
}

static enum sm_error check_newer(const struct db_rows *rows)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct span name;
        TRY(db_read_bytes(rows, i, 0, NAME_BYTES_MAX, &name));
        if (!is_known(name))
            return refuse(name, "the database was migrated by a newer release than this program",
                "Start that release; to go back, restore the backup of before the upgrade");
    }
    return SM_OK;
}

static enum sm_error check_older(const struct db_rows *rows)
{
    struct span rest = span_text(known);
    struct span name;
    bool is_there = true;
    while (is_there && next_known(&rest, &name))
        TRY(is_applied(rows, name, &is_there));
    return is_there ? SM_OK
                    : refuse(name, "the database is older than this program",
                          "Migrate it first: db/migrate (make run and docker-compose up do that)");
}

enum sm_error schema_check(const char *conninfo)
{
    struct db *db DEFER(db_close) = NULL;
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(db_open(conninfo, &db));
    enum sm_error error = DB_RUN(db, &sql_applied, &rows, db_i64(NAMES_MAX));
    if (error == SM_DATABASE)
        return refuse(span_of(NULL, 0),
            "the database has no Secure Mail schema that this role sees",
            "Migrate it first: db/migrate");
    TRY(error);
    TRY(check_newer(rows));
    return check_older(rows);
}
