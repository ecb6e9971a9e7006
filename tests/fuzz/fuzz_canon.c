/*
 * Hostile bytes as an entry. Audit's reader of canonical JSON and the verifier's reader of JSON
 * share no code: what the one accepts the other reads, and both find the same members. What is
 * accepted has one spelling: written again by the writer it is the same.
 */
#include "services/audit/canon.h"

#include "base/memory.h"
#include "cli/verify/slice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A member of the outermost object, by both readers: the raw value, with its quotes if a text. */
static void compare(struct span text, const char *name, struct slice value)
{
    struct span found;
    enum sm_error error = canon_member(text, name, &found);
    bool is_plain = value.size && value.at[0] != '{' && value.at[0] != '[';
    if ((error == SM_OK) != is_plain)
        abort();
    if (!is_plain)
        return;
    size_t quote = value.at[0] == '"';
    if (!span_equal(found, span_of(value.at + quote, value.size - 2 * quote)))
        abort();
}

/* A text, decoded by the one and written by the other. */
static void write_again(struct slice value)
{
    char text[4096];
    struct buffer out DEFER(buffer_free) = BUFFER(65536);
    struct canon canon = CANON(&out);
    if (!slice_text(value, text, sizeof text))
        return; /* no text, or a longer one */
    if (canon_text(&canon, NULL, span_text(text)) != SM_OK ||
        !span_equal(buffer_span(&out), span_of(value.at, value.size)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    struct slice whole = {(const char *)data, size};
    struct slice key;
    struct slice value;
    char name[64];
    size_t state = 0;
    if (canon_check(text) != SM_OK)
        return 0;
    while (slice_pair(whole, &state, &key, &value)) {
        if (!slice_text(key, name, sizeof name))
            abort();
        compare(text, name, value);
        write_again(value);
    }
    if (state + 1 != size || data[state] != '}')
        abort();
    return 0;
}
