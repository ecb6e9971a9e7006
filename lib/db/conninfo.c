/* What libpq would read, open and connect to: its own parser says it. */
#include "db/conninfo.h"

#include "base/log.h"
#include "base/memory.h"
#include "db/session.h"

#include <string.h>

enum { ITEM_BYTES_MAX = 1024 };

/* `otherwise`: what libpq takes where nothing is set; several are separated by commas. */
static const struct place_row {
    const char *keyword;
    enum db_place place;
    bool is_list;
    const char *otherwise;
} place_rows[] = {
    {"host", DB_PLACE_HOST, true, "/var/run/postgresql"},
    {"hostaddr", DB_PLACE_HOST, true, NULL},
    {"port", DB_PLACE_PORT, true, "5432"},
    {"sslrootcert", DB_PLACE_FILE, false, NULL},
    {"sslcert", DB_PLACE_FILE, false, NULL},
    {"sslkey", DB_PLACE_FILE, false, NULL},
    {"sslcrl", DB_PLACE_FILE, false, NULL},
    {"sslcrldir", DB_PLACE_FILE, false, NULL},
    {"passfile", DB_PLACE_FILE, false, NULL},
};

static void options_free(PQconninfoOption **options)
{
    if (*options)
        PQconninfoFree(*options);
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *each = options; each && each->keyword; each++)
        if (strcmp(each->keyword, keyword) == 0)
            return each->val && *each->val ? each->val : NULL;
    return NULL;
}

/* Each of the comma-separated items; an empty one is libpq's own choice. */
static enum sm_error visit_list(
    const struct place_row *row, const char *text, db_place_fn *visit, void *context)
{
    for (;;) {
        char item[ITEM_BYTES_MAX] = "";
        size_t size = strcspn(text, ",");
        if (size >= sizeof item)
            return log_failure("database-setting", SM_CONFIG, "a host or port is too long");
        memcpy(item, text, size);
        const char *chosen = size ? item : row->otherwise;
        if (chosen)
            TRY(visit(context, row->place, chosen));
        if (text[size] == '\0')
            return SM_OK;
        text += size + 1;
    }
}

enum sm_error db_conninfo_places(const char *conninfo, db_place_fn *visit, void *context)
{
    char *reason = NULL;
    PQconninfoOption *own DEFER(options_free) = PQconninfoParse(conninfo, &reason);
    PQconninfoOption *preset DEFER(options_free) = PQconndefaults();
    if (!own || !preset) {
        PQfreemem(reason);
        return log_failure(
            "database-setting", SM_CONFIG, "SECURE_MAIL_DATABASE is no connection string");
    }
    for (size_t i = 0; i < sizeof place_rows / sizeof place_rows[0]; i++) {
        const struct place_row *row = &place_rows[i];
        const char *value = value_of(own, row->keyword);
        if (!value)
            value = value_of(preset, row->keyword);
        if (!value)
            value = row->otherwise;
        if (value && row->is_list)
            TRY(visit_list(row, value, visit, context));
        else if (value)
            TRY(visit(context, row->place, value));
    }
    return SM_OK;
}
