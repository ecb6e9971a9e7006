/* A copy of the events, each with the id that is its reporter's alone. */
#include "services/audit/reported.h"

#include "base/buffer.h"
#include "envelope/kdf.h"
#include "proto/audit.h"

#include <string.h>

enum { COVERED_BYTES_MAX = 128 };

enum sm_error reported_id(enum peer source, struct id event, struct id *out)
{
    struct buffer covered DEFER(buffer_free) = BUFFER(COVERED_BYTES_MAX);
    uint8_t hash[KDF_SHA256_BYTES];
    if (source == PEER_CRYPTO) {
        *out = event;
        return SM_OK;
    }
    TRY(buffer_append_text(&covered, "securemail/1 reported"));
    TRY(buffer_append_u8(&covered, 0));
    TRY(buffer_append_text(&covered, peer_name(source)));
    TRY(buffer_append_u8(&covered, 0));
    TRY(buffer_append(&covered, id_span(&event)));
    TRY(kdf_sha256(buffer_span(&covered), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

enum sm_error reported_events(
    const struct list *events, enum peer source, struct arena *arena, struct list *out)
{
    void *copies;
    TRY(arena_take(arena, events->count, sizeof(struct audit_event), &copies));
    for (size_t i = 0; i < events->count; i++) {
        struct audit_event *copy = (struct audit_event *)copies + i;
        *copy = *LIST_AT(struct audit_event, *events, i);
        TRY(reported_id(source, copy->event, &copy->event));
    }
    *out = (struct list){copies, events->count};
    return SM_OK;
}
