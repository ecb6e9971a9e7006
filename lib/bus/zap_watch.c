/* Questions to our own ZAP handler: one key that it knows and one that nobody has, in turn. */
#include "bus/zap_watch.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "bus/zap.h"

struct zap_watch {
    const struct bus_keys *keys;
    enum peer self;
    struct wire *wire;
    bool is_waiting; /* for the answer to `question` */
    bool has_failed;
    bool is_stranger; /* the question was about a key that nobody has */
    int64_t asked_ms; /* when it was put; 0: never */
    uint64_t answers;
    uint8_t question[8];
};

enum sm_error zap_watch_new(struct wire_context *context, const struct bus_keys *keys,
    enum peer self, struct zap_watch **out)
{
    struct wire_options options = {.kind = WIRE_REQUEST};
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct zap_watch), &memory));
    struct zap_watch *watch DEFER(zap_watch_free) = memory;
    watch->keys = keys;
    watch->self = self;
    watch->is_stranger = true; /* so that the first question is about the own key */
    if (!bus_keys_own(keys, self))
        return log_failure("bus-zap-watch", SM_CONFIG, BUS_KEYS_OWN_UNKNOWN);
    TRY(wire_open(context, &options, &watch->wire));
    TRY(wire_connect(watch->wire, WIRE_ZAP_ENDPOINT));
    *out = TAKE(watch);
    return SM_OK;
}

void zap_watch_free(struct zap_watch **watch)
{
    if (!*watch)
        return;
    wire_close(&(*watch)->wire);
    memory_free(watch);
}

static enum sm_error ask(struct zap_watch *watch, int64_t now_ms)
{
    uint8_t stranger[WIRE_KEY_BYTES];
    TRY(random_bytes(watch->question, sizeof watch->question));
    TRY(random_bytes(stranger, sizeof stranger));
    watch->is_stranger = !watch->is_stranger;
    struct span key = watch->is_stranger
                          ? SPAN(stranger)
                          : span_of(bus_keys_own(watch->keys, watch->self), WIRE_KEY_BYTES);
    const struct span frames[ZAP_REQUEST_FRAMES] = {
        [ZAP_VERSION] = span_text("1.0"),
        [ZAP_REQUEST] = SPAN(watch->question),
        [ZAP_DOMAIN] = span_text(WIRE_ZAP_DOMAIN),
        [ZAP_ADDRESS] = span_text(ZAP_OWN_ADDRESS),
        [ZAP_MECHANISM] = span_text("CURVE"),
        [ZAP_KEY] = key,
    };
    TRY(wire_send(watch->wire, frames, ZAP_REQUEST_FRAMES));
    watch->asked_ms = now_ms;
    watch->is_waiting = true;
    return SM_OK;
}

static bool is_right(const struct zap_watch *watch, struct wire_message *answer)
{
    return wire_frames(answer) == ZAP_ANSWER_FRAMES &&
           span_equal(wire_frame(answer, ZAP_REQUEST), SPAN(watch->question)) &&
           span_equals_text(wire_frame(answer, ZAP_STATUS), watch->is_stranger ? "400" : "200") &&
           span_equals_text(
               wire_frame(answer, ZAP_USER), watch->is_stranger ? "" : peer_name(watch->self));
}

static enum sm_error read_answer(struct zap_watch *watch, int64_t now_ms)
{
    struct wire_message *answer DEFER(wire_message_free) = NULL;
    enum sm_error error = wire_receive(watch->wire, &answer);
    if (error == SM_TIMEOUT)
        return now_ms - watch->asked_ms < WATCH_PATIENCE_MS
                   ? SM_OK
                   : log_failure("bus-zap-silent", SM_NOT_ALLOWED, "nobody checks keys any more");
    if (error != SM_OK || !is_right(watch, answer))
        return log_failure("bus-zap-wrong", SM_NOT_ALLOWED,
            watch->is_stranger ? "an unknown key is not refused" : "the own key is not admitted");
    watch->is_waiting = false;
    watch->answers++;
    return SM_OK;
}

uint64_t zap_watch_answers(const struct zap_watch *watch)
{
    return watch->answers;
}

static enum sm_error look(struct zap_watch *watch, int64_t now_ms)
{
    if (watch->is_waiting)
        return read_answer(watch, now_ms);
    bool is_due = watch->asked_ms == 0 || now_ms - watch->asked_ms >= WATCH_EVERY_MS;
    return is_due ? ask(watch, now_ms) : SM_OK;
}

enum sm_error zap_watch_look(struct zap_watch *watch, int64_t now_ms)
{
    if (watch->has_failed || look(watch, now_ms) != SM_OK) {
        watch->has_failed = true;
        return SM_NOT_ALLOWED;
    }
    return SM_OK;
}
