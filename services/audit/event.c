/*
 * The words of the log. Members that an event does not have are left out, so that an entry says
 * nothing that was not reported; names come in the order that canonical JSON demands.
 */
#include "services/audit/event.h"

#include "base/clock.h"
#include "services/audit/canon.h"

#include <assert.h>
#include <string.h>

enum { ENTRY_VERSION = 1 };
#define AT_MS_MAX 253402300799999u /* 9999-12-31T23:59:59.999Z */

static const char *const actor_words[] = {
    [ACTOR_SYSTEM] = "system",
    [ACTOR_USER] = "user",
    [ACTOR_RECIPIENT] = "recipient",
    [ACTOR_OPERATOR] = "operator",
};
static const char *const result_words[] = {
    [RESULT_OK] = "ok",
    [RESULT_FAILED] = "failed",
    [RESULT_REFUSED] = "refused",
};

/* What kind of person it is, in our words: exports show the name as it is. */
static bool has_plain_names(const struct list *personal)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-_";
    for (size_t i = 0; i < personal->count; i++) {
        struct span name = LIST_AT(struct personal_field, *personal, i)->name;
        for (size_t at = 0; at < name.size; at++)
            if (!memchr(letters, name.at[at], sizeof letters - 1))
                return false;
    }
    return true;
}

enum sm_error event_check(const struct audit_event *event, enum peer source)
{
    if (event->kind <= EVENT_NONE || event->kind >= EVENT_KIND_COUNT ||
        event->actor_class > ACTOR_OPERATOR || event->result > RESULT_REFUSED ||
        event->at_ms > AT_MS_MAX || id_is_none(event->organisation) || id_is_none(event->event) ||
        event->personal.count > AUDIT_PERSONAL_MAX || !has_plain_names(&event->personal))
        return SM_BAD_VALUE;
    if (id_equal(event->organisation, operators_log) && source != PEER_AUDIT)
        return SM_NOT_ALLOWED;
    return event_rules[event->kind].reporters & (unsigned)source ? SM_OK : SM_NOT_ALLOWED;
}

static enum sm_error put_id(struct canon *canon, const char *name, const struct id *id)
{
    return id_is_none(*id) ? SM_OK : canon_hex(canon, name, id_span(id));
}

static enum sm_error put_time(struct canon *canon, const char *name, uint64_t ms)
{
    return canon_text(canon, name, span_text(clock_text((int64_t)ms).text));
}

static enum sm_error put_word(struct canon *canon, const char *name, const char *word)
{
    return canon_text(canon, name, span_text(word));
}

static enum sm_error put_personal(
    struct canon *canon, const struct list *personal, const struct hash *commitments)
{
    if (personal->count == 0)
        return SM_OK;
    TRY(canon_array(canon, "personal"));
    for (size_t i = 0; i < personal->count; i++) {
        TRY(canon_object(canon, NULL));
        TRY(canon_hex(canon, "commitment", SPAN(commitments[i].bytes)));
        TRY(canon_text(canon, "name", LIST_AT(struct personal_field, *personal, i)->name));
        TRY(canon_object_end(canon));
    }
    return canon_array_end(canon);
}

static enum sm_error put_erased(struct canon *canon, const struct erasure *erasure)
{
    if (!erasure)
        return SM_OK;
    TRY(canon_array(canon, "erased"));
    for (size_t i = 0; i < erasure->count; i++) {
        TRY(canon_object(canon, NULL));
        TRY(canon_number(canon, "place", erasure->values[i].place));
        TRY(canon_number(canon, "seq", erasure->values[i].seq));
        TRY(canon_object_end(canon));
    }
    return canon_array_end(canon);
}

/* Who did what to what: the first half of an entry. */
static enum sm_error put_subject(
    struct canon *canon, const struct report *report, const struct hash *commitments)
{
    const struct audit_event *event = report->event;
    TRY(put_id(canon, "actor", &event->actor));
    TRY(put_word(canon, "actor_class", actor_words[event->actor_class]));
    TRY(put_time(canon, "at", event->at_ms));
    TRY(put_erased(canon, report->erasure));
    TRY(put_id(canon, "event", &event->event));
    TRY(put_word(canon, "kind", event_rules[event->kind].name));
    TRY(put_id(canon, "link", &event->link));
    TRY(put_id(canon, "message", &event->message));
    TRY(put_id(canon, "organisation", &event->organisation));
    return put_personal(canon, &event->personal, commitments);
}

enum sm_error event_entry(const struct report *report, const struct place *place,
    const struct hash *commitments, struct buffer *out)
{
    const struct audit_event *event = report->event;
    struct canon canon = CANON(out);
    size_t before = out->size;
    assert(event_check(event, report->source) == SM_OK);
    assert((event->kind == EVENT_PERSONAL_ERASED) == (report->erasure != NULL));
    TRY(canon_object(&canon, NULL));
    TRY(put_subject(&canon, report, commitments));
    TRY(canon_hex(&canon, "prev", SPAN(place->prev->bytes)));
    if (event->reason.size)
        TRY(canon_text(&canon, "reason", event->reason));
    TRY(put_time(&canon, "recorded", place->recorded_ms));
    TRY(put_word(&canon, "result", result_words[event->result]));
    TRY(canon_number(&canon, "seq", place->seq));
    TRY(put_word(&canon, "source", peer_name(report->source)));
    TRY(canon_number(&canon, "version", ENTRY_VERSION));
    TRY(canon_object_end(&canon));
    return out->size - before <= AUDIT_ENTRY_BYTES_MAX ? SM_OK : SM_TOO_LARGE;
}

enum sm_error event_log_start(
    const struct log_start *start, uint64_t recorded_ms, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(put_word(&canon, "kind", "log-started"));
    TRY(put_id(&canon, "log", &start->log));
    TRY(put_id(&canon, "organisation", &start->organisation));
    TRY(canon_hex(&canon, "prev", SPAN(chain_start.bytes)));
    TRY(canon_hex(&canon, "public_key", SPAN(start->public_key)));
    TRY(canon_hex(&canon, "random", SPAN(start->random)));
    TRY(put_time(&canon, "recorded", recorded_ms));
    TRY(canon_number(&canon, "seq", 1));
    TRY(put_word(&canon, "source", peer_name(PEER_AUDIT)));
    TRY(canon_number(&canon, "version", ENTRY_VERSION));
    return canon_object_end(&canon);
}
