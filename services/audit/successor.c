/* The entries are found by their kind and by what they say; what they say is read strictly. */
#include "services/audit/successor.h"

#include "base/encode.h"
#include "proto/audit.h"
#include "proto/limits.h"
#include "services/audit/canon.h"

#include <string.h>

/* position() only saves reading the rotations that crypto reports; more than can be is damage. */
static const struct statement sql_successors = {"audit_successors",
    "SELECT body FROM audit.entry WHERE organisation = $1 AND kind = $2 AND seq <= $3"
    " AND position('" SUCCESSOR_REASON "'::bytea IN body) > 0 ORDER BY seq LIMIT 16"};

static bool says(struct span body, const char *name, const char *text)
{
    struct span value;
    return canon_member(body, name, &value) == SM_OK && span_equals_text(value, text);
}

static bool read_successor(struct span body, uint8_t out[static SUCCESSOR_KEY_BYTES])
{
    static const char begins[] = SUCCESSOR_REASON;
    size_t size = sizeof begins - 1;
    struct span reason;
    return says(body, "kind", event_rules[EVENT_KEY_ROTATED].name) &&
           says(body, "source", "audit") && canon_member(body, "reason", &reason) == SM_OK &&
           reason.size > size && memcmp(reason.at, begins, size) == 0 &&
           hex_decode(span_slice(reason, size, reason.size), out, SUCCESSOR_KEY_BYTES) == SM_OK;
}

enum sm_error successors_read(
    struct db *db, const struct id *organisation, uint64_t to_seq, struct successors *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    *out = (struct successors){.count = 0};
    TRY(DB_RUN(db, &sql_successors, &rows, db_id(organisation), db_i64(EVENT_KEY_ROTATED),
        db_u64(to_seq)));
    for (size_t i = 0; i < db_rows_count(rows) && out->count < SUCCESSORS_MAX; i++) {
        struct span body;
        TRY(db_read_bytes(rows, i, 0, AUDIT_ENTRY_BYTES_MAX, &body));
        out->count += read_successor(body, out->keys[out->count]);
    }
    return SM_OK;
}

enum sm_error successor_is_known(
    struct db *db, const struct id *organisation, struct span public_key, bool *out)
{
    struct successors all;
    TRY(successors_read(db, organisation, CANON_NUMBER_MAX, &all));
    *out = false;
    for (size_t i = 0; i < all.count; i++)
        *out |= span_equal(SPAN(all.keys[i]), public_key);
    return SM_OK;
}

enum sm_error successor_reason(struct span public_key, struct buffer *out)
{
    char digits[2 * SUCCESSOR_KEY_BYTES + 1];
    if (public_key.size != SUCCESSOR_KEY_BYTES)
        return SM_BAD_VALUE;
    hex_encode(public_key, digits);
    return buffer_format(out, SUCCESSOR_REASON "%s", digits);
}
