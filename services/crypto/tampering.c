/*
 * The event's id is derived from the organisation, the row and the MAC that does not fit: a link
 * that is tried a thousand times after one edit gives one entry, and another edit gives another.
 */
#include "services/crypto/tampering.h"

#include "base/log.h"
#include "services/crypto/derived.h"

static enum sm_error write_event(const struct worker *worker, const struct tampering *tampering)
{
    struct audit_event event = {.organisation = tampering->organisation,
        .kind = EVENT_TAMPERING_DETECTED,
        .message = tampering->message,
        .link = tampering->link,
        .actor_class = ACTOR_SYSTEM,
        .result = RESULT_FAILED,
        .reason = span_text(tampering->what)};
    int64_t now_ms;
    const struct span parts[] = {id_span(&tampering->organisation), id_span(&tampering->message),
        id_span(&tampering->link), tampering->mac};
    TRY(db_now_ms(worker->db, &now_ms));
    event.at_ms = (uint64_t)now_ms;
    TRY(derived_id("tampering", parts, sizeof parts / sizeof parts[0], &event.event));
    TRY(outbox_add(worker->db, &vault_outbox, &event));
    relay_poke(worker->crypto->events);
    return SM_OK;
}

enum sm_error tampering_report(const struct worker *worker, const struct tampering *tampering)
{
    enum sm_error error = write_event(worker, tampering);
    log_line(LOG_ERROR, "tampering-detected", "what", tampering->what, "message",
        id_text(tampering->message).text, "link", id_text(tampering->link).text, "reported",
        error_name(error), NULL);
    return SM_TAMPERED;
}
