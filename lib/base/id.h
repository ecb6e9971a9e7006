/*
 * Ids are 16 random bytes (organisation, user, message, link, request, event, job), written as 32
 * hexadecimal digits. The all-zero id means "none".
 */
#ifndef SM_BASE_ID_H
#define SM_BASE_ID_H

#include "base/error.h"
#include "base/span.h"

enum { ID_BYTES = 16, ID_TEXT_BYTES = 2 * ID_BYTES + 1 };

struct id {
    uint8_t bytes[ID_BYTES];
};

struct id_text {
    char text[ID_TEXT_BYTES];
};

SM_MUST_USE enum sm_error id_random(struct id *out);
bool id_is_none(struct id id);
bool id_equal(struct id a, struct id b);
struct span id_span(const struct id *id); /* lives as long as *id */
struct id_text id_text(struct id id);     /* id_text(x).text in a printf */

/* Exactly 32 lower-case hexadecimal digits, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error id_parse(struct span text, struct id *out);
/* Exactly 16 bytes, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error id_from_bytes(struct span bytes, struct id *out);

#endif
