/*
 * The writer of canonical JSON. Order and commas are kept by the level that is open; the reader is
 * in canon_read.c, so that neither can be wrong in the same way as the other.
 */
#include "services/audit/canon.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* What stands before a value: a comma after the first, and the name of a member. */
static enum sm_error begin_item(struct canon *canon, const char *name)
{
    if (canon->depth == 0) {
        assert(!name);
        return SM_OK;
    }
    if (canon->levels[canon->depth].has_items)
        TRY(buffer_append_u8(canon->out, ','));
    canon->levels[canon->depth].has_items = true;
    if (!name)
        return SM_OK;
    const char *last = canon->levels[canon->depth].last_name;
    assert(!last || strcmp(last, name) < 0);
    canon->levels[canon->depth].last_name = name;
    TRY(buffer_append_u8(canon->out, '"'));
    TRY(buffer_append_text(canon->out, name));
    return buffer_append_text(canon->out, "\":");
}

static enum sm_error open_level(struct canon *canon, const char *name, uint8_t bracket)
{
    TRY(begin_item(canon, name));
    assert(canon->depth < CANON_DEPTH_MAX);
    canon->depth++;
    canon->levels[canon->depth].has_items = false;
    canon->levels[canon->depth].last_name = NULL;
    return buffer_append_u8(canon->out, bracket);
}

static enum sm_error close_level(struct canon *canon, uint8_t bracket)
{
    assert(canon->depth > 0);
    canon->depth--;
    return buffer_append_u8(canon->out, bracket);
}

enum sm_error canon_object(struct canon *canon, const char *name)
{
    return open_level(canon, name, '{');
}

enum sm_error canon_object_end(struct canon *canon)
{
    return close_level(canon, '}');
}

enum sm_error canon_array(struct canon *canon, const char *name)
{
    return open_level(canon, name, '[');
}

enum sm_error canon_array_end(struct canon *canon)
{
    return close_level(canon, ']');
}

/* RFC 8785 section 3.2.2.2: two-letter escapes where JSON has one, else \u00xx in lower case. */
static enum sm_error append_escaped(struct buffer *out, uint8_t letter)
{
    static const char *const short_forms[] = {['\b'] = "\\b",
        ['\t'] = "\\t",
        ['\n'] = "\\n",
        ['\f'] = "\\f",
        ['\r'] = "\\r",
        ['"'] = "\\\"",
        ['\\'] = "\\\\"};
    const char *form = short_forms[letter];
    return form ? buffer_append_text(out, form) : buffer_format(out, "\\u%04x", letter);
}

static bool must_escape(uint8_t letter)
{
    return letter < 0x20 || letter == '"' || letter == '\\';
}

enum sm_error canon_text(struct canon *canon, const char *name, struct span value)
{
    if (!text_is_utf8(value))
        return SM_BAD_FORMAT;
    TRY(begin_item(canon, name));
    TRY(buffer_append_u8(canon->out, '"'));
    size_t done = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (!must_escape(value.at[i]))
            continue;
        TRY(buffer_append(canon->out, span_slice(value, done, i - done)));
        TRY(append_escaped(canon->out, value.at[i]));
        done = i + 1;
    }
    TRY(buffer_append(canon->out, span_slice(value, done, value.size - done)));
    return buffer_append_u8(canon->out, '"');
}

enum sm_error canon_hex(struct canon *canon, const char *name, struct span bytes)
{
    enum { BYTES_MAX = 64 };
    char text[2 * BYTES_MAX + 1];
    assert(bytes.size <= BYTES_MAX);
    if (bytes.size == 0)
        return SM_OK;
    hex_encode(bytes, text);
    TRY(begin_item(canon, name));
    TRY(buffer_append_u8(canon->out, '"'));
    TRY(buffer_append(canon->out, span_of(text, 2 * bytes.size)));
    return buffer_append_u8(canon->out, '"');
}

enum sm_error canon_number(struct canon *canon, const char *name, uint64_t value)
{
    if (value > CANON_NUMBER_MAX)
        return SM_BAD_VALUE;
    TRY(begin_item(canon, name));
    return buffer_format(canon->out, "%" PRIu64, value);
}

enum sm_error canon_raw(struct canon *canon, const char *name, struct span value)
{
    TRY(begin_item(canon, name));
    return buffer_append(canon->out, value);
}
