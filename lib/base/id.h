/*
 * Ids are 16 bytes (organisation, user, message, link, request, event, job), written as 32
 * hexadecimal digits. The all-zero id means "none".
 *
 * Two ways to make one: rows of which there will be millions (messages, links, events, jobs) are
 * called by id_new, which begins with the time, so that what is new lies together in each index and
 * a row costs the same after ten million as after ten (docs/decisions/0140-ids-in-order.md).
 * Whatever gives a right to who knows it (sessions, tokens), or is random for its own sake, is
 * called by id_random. Nobody may conclude anything from the time in an id: senders make their own.
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

/* 128 random bits. */
SM_MUST_USE enum sm_error id_random(struct id *out);
/* UUID version 7 (RFC 9562, section 5.7): 48 bits of the time by this machine, 74 random bits. */
SM_MUST_USE enum sm_error id_new(struct id *out);
/* The same of a given time and the random bits of `random`. */
struct id id_of_time(int64_t unix_ms, struct id random);
/* For hash tables: of the bytes that are random in both kinds. */
uint64_t id_hash(struct id id);
bool id_is_none(struct id id);
bool id_equal(struct id a, struct id b);
struct span id_span(const struct id *id); /* lives as long as *id */
struct id_text id_text(struct id id);     /* id_text(x).text in a printf */

/* Exactly 32 lower-case hexadecimal digits, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error id_parse(struct span text, struct id *out);
/* Exactly 16 bytes, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error id_from_bytes(struct span bytes, struct id *out);

#endif
