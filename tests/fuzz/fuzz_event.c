/*
 * A hostile event, from whichever peer, on its way into the log: what audit takes becomes an entry
 * in the one spelling, which the verifier (that shares no code with audit) reads in full.
 *
 * Input: a byte for the peer, then the event as it stands in an append request.
 */
#include "base/memory.h"
#include "cli/verify/shape.h"
#include "proto/limits.h"
#include "services/audit/canon.h"
#include "services/audit/event.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 64 * 1024, ROOM_BYTES = 64 * 1024 };

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_entry(struct span entry)
{
    struct object whole;
    struct object one;
    struct slice list;
    struct slice item;
    size_t state = 0;
    demand(entry.size <= AUDIT_ENTRY_BYTES_MAX && canon_check(entry) == SM_OK);
    object_read((struct slice){(const char *)entry.at, entry.size}, &whole);
    demand(shape_fits(&whole, shape_entry) && shape_is_whole(&whole, shape_entry));
    if (!object_member(&whole, "personal", &list))
        return;
    while (slice_item(list, &state, &item)) {
        object_read(item, &one);
        demand(shape_fits(&one, shape_personal) && shape_is_whole(&one, shape_personal));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum peer peers[] = {
        PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT, PEER_OPERATOR};
    static const struct hash commitments[AUDIT_PERSONAL_MAX] = {{{1}}};
    const struct place place = {.seq = 2, .prev = &commitments[0], .recorded_ms = 1796112780000};
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct buffer entry DEFER(buffer_free) = BUFFER(ROOM_BYTES);
    struct audit_event event;
    if (size == 0)
        return 0;
    enum peer source = peers[data[0] % (sizeof peers / sizeof peers[0])];
    if (fields_decode(&audit_event, span_of(data + 1, size - 1), &arena, &event) != SM_OK ||
        event_check(&event, source) != SM_OK)
        return 0;
    demand(source != PEER_GATEWAY && source != PEER_OPERATOR); /* they report nothing */
    if (event.kind == EVENT_PERSONAL_ERASED) /* audit makes it out of an order, and of that alone */
        return 0;
    const struct report report = {.event = &event, .source = source};
    enum sm_error error = event_entry(&report, &place, commitments, &entry);
    demand(error == SM_OK || error == SM_TOO_LARGE);
    if (error == SM_OK)
        check_entry(buffer_span(&entry));
    return 0;
}
