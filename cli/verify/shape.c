/* The names, sorted as they stand in the file. */
#include "cli/verify/shape.h"

/* clang-format off */
const char *const shape_header[] = {"canonicalisation", "first_seq", "format", "hash", "keys",
    "last_seq", "log", "organisation", "type", "version", NULL};
const char *const shape_key[] = {"note_key", "public_key", NULL};
const char *const shape_entry_line[] = {"disclosures", "entry", "entry_base64", "hash", "seq", "type", NULL};
const char *const shape_checkpoint[] = {"note", "size", "type", NULL};
const char *const shape_footer[] = {"count", "hash", "note", "root", "type", NULL};
const char *const shape_first_entry[] = {"kind", "log", "organisation", "prev", "public_key",
    "random", "recorded", "seq", "source", "version", NULL};
const char *const shape_entry[] = {"actor", "actor_class", "at", "event", "kind", "link", "message",
    "organisation", "personal", "prev", "reason", "recorded", "result", "seq", "source", "version",
    NULL};
const char *const shape_personal[] = {"commitment", "name", NULL};
const char *const shape_disclosure[] = {"name", "place", "salt", "value", NULL};
/* clang-format on */

bool shape_fits(struct slice object, const char *const shape[])
{
    struct slice key;
    struct slice value;
    size_t state = 0;
    size_t place = 0;
    while (slice_pair(object, &state, &key, &value)) {
        while (shape[place] && !slice_name_is(key, shape[place]))
            place++;
        if (!shape[place])
            return false;
        place++;
    }
    return state > 0 && state + 1 == object.size && object.at[state] == '}';
}
