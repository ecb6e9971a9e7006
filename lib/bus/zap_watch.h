/*
 * Whether the ZAP handler still does its work, asked again and again. Every WATCH_EVERY_MS the
 * handler gets a question over the way on which libzmq asks it: this service's own key, which it
 * must admit under this service's name, and then a key that nobody has, which it must refuse. A
 * wrong answer, or none within WATCH_PATIENCE_MS, is SM_NOT_ALLOWED for good: the process must end.
 *
 * It costs two messages inside the process and opens no connection. One owner thread.
 */
#ifndef SM_BUS_ZAP_WATCH_H
#define SM_BUS_ZAP_WATCH_H

#include "bus/keyring.h"

enum { WATCH_EVERY_MS = 2000, WATCH_PATIENCE_MS = 10000 };

struct zap_watch;

/* The caller owns *out and frees it before the context; `keys` must outlive it. */
SM_MUST_USE enum sm_error zap_watch_new(struct wire_context *context, const struct bus_keys *keys,
    enum peer self, struct zap_watch **out);
void zap_watch_free(struct zap_watch **watch);

/* Never waits. `now_ms` is monotonic: the answer to the last question is read, or the next put. */
SM_MUST_USE enum sm_error zap_watch_look(struct zap_watch *watch, int64_t now_ms);

/* How many questions were answered, and rightly. */
uint64_t zap_watch_answers(const struct zap_watch *watch);

#endif
