/*
 * Under which id a reported event is logged. Reporters choose the ids, so that what is reported
 * again is passed over, and many of crypto's follow from ids that others know too (the end of a
 * message from the message's). Whoever could report something of his own under the id of another's
 * event, before it happens, would keep it out of the log. So crypto's ids stand as they are, and
 * those of the others, whatever they say, are of a set of their own for each:
 *
 *     first 16 bytes of SHA-256("securemail/1 reported" || 00 || name of the service || 00 || id)
 */
#ifndef SM_AUDIT_REPORTED_H
#define SM_AUDIT_REPORTED_H

#include "base/memory.h"
#include "proto/catalog.h"

SM_MUST_USE enum sm_error reported_id(enum peer source, struct id event, struct id *out);

/* The events of `source` (a list of struct audit_event) as they are logged; *out lives in `arena`.
 */
SM_MUST_USE enum sm_error reported_events(
    const struct list *events, enum peer source, struct arena *arena, struct list *out);

#endif
