/* Ids: 16 bytes and their text. */
#include "base/id.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"

#include <string.h>

enum sm_error id_random(struct id *out)
{
    return random_bytes(out->bytes, sizeof out->bytes);
}

/* The places of UUID version 7. */
enum { TIME_BYTES = 6, VERSION_AT = 6, VARIANT_AT = 8 };

struct id id_of_time(int64_t unix_ms, struct id random)
{
    for (size_t i = TIME_BYTES; i > 0; i--, unix_ms >>= 8)
        random.bytes[i - 1] = (uint8_t)unix_ms;
    random.bytes[VERSION_AT] = (uint8_t)(0x70 | (random.bytes[VERSION_AT] & 0x0f));
    random.bytes[VARIANT_AT] = (uint8_t)(0x80 | (random.bytes[VARIANT_AT] & 0x3f));
    return random;
}

enum sm_error id_new(struct id *out)
{
    struct id random;
    TRY(id_random(&random));
    *out = id_of_time(clock_wall_ms(), random);
    return SM_OK;
}

/* Its last byte weighs least: a table of any size finds random bits in its place. */
uint64_t id_hash(struct id id)
{
    uint64_t hash = 0;
    for (size_t i = ID_BYTES / 2; i < ID_BYTES; i++)
        hash = hash << 8 | id.bytes[i];
    return hash;
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
