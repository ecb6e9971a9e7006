/*
 * The state of the system, for who may read the log: which services answer, when retention last
 * swept, how long the log is. Audit is asked with the caller's own capability, so it decides too
 * whether he may know. Each service is given little time: a table that takes a minute helps nobody.
 */
#include "services/gateway/handlers.h"

#include "proto/audit.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/notify.h"
#include "proto/retention.h"
#include "services/gateway/json.h"
#include "services/gateway/request.h"

enum { ASK_MS = 2000, STATUS_ARENA_BYTES = 256 * 1024 };

struct system_status {
    bool crypto, notifier, retention, audit;
    uint64_t now_ms, last_sweep_ms, purged, failed, log_size;
};

/* clang-format off */
FIELDS_LOCAL(status_answer, struct system_status,
    F_BOOL(struct system_status, crypto, "it answers"),
    F_BOOL(struct system_status, notifier, "it answers"),
    F_BOOL(struct system_status, retention, "it answers"),
    F_BOOL(struct system_status, audit, "it answers"),
    F_U64(struct system_status, now_ms, 0, MS_MAX, "crypto's clock; 0: it does not answer"),
    F_U64(struct system_status, last_sweep_ms, 0, MS_MAX, "0: none yet"),
    F_U64(struct system_status, purged, 0, MS_MAX, "messages, since retention's start"),
    F_U64(struct system_status, failed, 0, MS_MAX, "messages that the last sweep could not finish"),
    F_U64(struct system_status, log_size, 0, MS_MAX, "entries of the organisation's log"));
/* clang-format on */

static enum sm_error ask(struct worker *worker, enum operation operation, const void *message,
    struct arena *arena, void *reply)
{
    const struct bus_call call = {.operation = operation, .timeout_ms = ASK_MS};
    return worker_ask(worker, &call, message, arena, reply);
}

/* A reading that nobody else gives and that changes nothing, of each. */
static void ask_services(struct worker *worker, struct arena *arena, struct system_status *out)
{
    const struct keys_request no_keys = {0};
    const struct delivery_feed_request at_end = {.after_tx = MS_MAX, .rows_max = 1};
    const struct sweep_status_request no_sweep = {0};
    struct keys_reply keys = {0};
    struct delivery_feed_reply deliveries = {0};
    struct sweep_status_reply sweep = {0};
    out->crypto = ask(worker, OP_KEYS, &no_keys, arena, &keys) == SM_OK;
    out->now_ms = keys.now_ms;
    out->notifier = ask(worker, OP_DELIVERY_FEED, &at_end, arena, &deliveries) == SM_OK;
    out->retention = ask(worker, OP_SWEEP_STATUS, &no_sweep, arena, &sweep) == SM_OK;
    out->last_sweep_ms = sweep.last_sweep_ms;
    out->purged = sweep.purged;
    out->failed = sweep.failed;
}

static bool is_away(enum sm_error error)
{
    return error == SM_UNAVAILABLE || error == SM_TIMEOUT || error == SM_NOT_ACTIVE;
}

enum sm_error on_system_status(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(STATUS_ARENA_BYTES);
    struct system_status status = {0};
    struct query_reply log = {0};
    const struct query_request newest = {
        .capability = exchange_header(exchange, HEADER_CAPABILITY), .rows_max = 1};
    enum sm_error error = ask(worker, OP_QUERY, &newest, &arena, &log);
    if (error != SM_OK && !is_away(error))
        return error;
    status.audit = error == SM_OK;
    status.log_size = log.size;
    ask_services(worker, &arena, &status);
    TRY(json_fields(&exchange->answer.body, &status_answer, &status));
    answer_json(exchange, 200);
    return SM_OK;
}
