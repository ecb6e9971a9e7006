/*
 * The messages and links whose downloads must stop now. Asked at every block that is sent, so it is
 * in memory; filled by what crypto says with an answer and by the projector (which also brings what
 * other gateways learnt). An id is forgotten when every capability given before it has ended. If it
 * ever grew over its bound it would say yes to everything: closed is the safe side. Any thread.
 */
#ifndef SM_GATEWAY_CLOSED_H
#define SM_GATEWAY_CLOSED_H

#include "base/id.h"

struct closed_set;
SM_MUST_USE enum sm_error closed_set_new(struct closed_set **out);
void closed_set_free(struct closed_set **set);

/*
 * A revoked message is closed for its recipients; one that was deleted or expired also for its
 * sender. The second fact stands under this name of the message, which no random id has.
 */
struct id closed_for_everyone(struct id message);

/* The none id is passed over. */
void closed_set_add(struct closed_set *set, struct id closed);
bool closed_set_has(struct closed_set *set, struct id id);

#endif
