/*
 * The messages and links whose downloads must stop now. Asked at every block that is sent, so it is
 * in memory; filled by what crypto says with an answer and by the projector (which also brings what
 * other gateways learnt). An id is forgotten when every capability given before it has ended. What
 * does not fit over its bound makes it say yes to everything for as long: closed is the safe side.
 * Any thread.
 */
#ifndef SM_GATEWAY_CLOSED_H
#define SM_GATEWAY_CLOSED_H

#include "base/id.h"

struct closed_set;
SM_MUST_USE enum sm_error closed_set_new(struct closed_set **out);
/* With a time of its own, in milliseconds, and at most `slots_max` / 2 ids (a power of two): tests.
 */
SM_MUST_USE enum sm_error closed_set_new_of(
    int64_t keep_ms, size_t slots_max, struct closed_set **out);
void closed_set_free(struct closed_set **set);

/* A revoked message is closed for its recipients; one that was deleted or expired also for its
 * sender. */
enum closed_kind { CLOSED_LINK = 1, CLOSED_MESSAGE, CLOSED_FOR_EVERYONE };

/*
 * Under which name a fact stands in the set and in mail.closed. Senders choose the ids of their
 * messages, so a message may have the id of another's link: what is closed of the one must not
 * close the other. None for the none id.
 *
 *     first 16 bytes of SHA-256("securemail/1 closed" || kind u8 || id)
 */
SM_MUST_USE enum sm_error closed_name(enum closed_kind kind, struct id id, struct id *out);

/* Of names. The none id is passed over. */
void closed_set_add(struct closed_set *set, struct id closed);
bool closed_set_has(struct closed_set *set, struct id id);

#endif
