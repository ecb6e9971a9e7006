/* Ids: 16 random bytes and their text. */
#include "base/id.h"

#include "base/encode.h"
#include "base/random.h"

#include <string.h>

enum sm_error id_random(struct id *out)
{
    return random_bytes(out->bytes, sizeof out->bytes);
}

bool id_is_none(struct id id)
{
    static const struct id none;
    return id_equal(id, none);
}

bool id_equal(struct id a, struct id b)
{
    return memcmp(a.bytes, b.bytes, ID_BYTES) == 0;
}

struct span id_span(const struct id *id)
{
    return SPAN(id->bytes);
}

struct id_text id_text(struct id id)
{
    struct id_text text = {{0}};
    hex_encode(SPAN(id.bytes), text.text);
    return text;
}

enum sm_error id_parse(struct span text, struct id *out)
{
    if (text.size != ID_TEXT_BYTES - 1)
        return SM_BAD_FORMAT;
    return hex_decode(text, out->bytes, sizeof out->bytes);
}

enum sm_error id_from_bytes(struct span bytes, struct id *out)
{
    if (bytes.size != ID_BYTES)
        return SM_BAD_FORMAT;
    memcpy(out->bytes, bytes.at, ID_BYTES);
    return SM_OK;
}
