/*
 * One JSON object a line on standard error: time, service, level, event word, and the fields given.
 * A value is escaped and cut at LOG_VALUE_BYTES_MAX; pairs over the longest line are left out; a
 * secret has no way in (struct secret is not accepted anywhere). Safe to call from several threads:
 * a line is written with one write(2).
 */
#ifndef SM_BASE_LOG_H
#define SM_BASE_LOG_H

#include "base/error.h"
#include "base/id.h"

#include <stdint.h>

enum { LOG_VALUE_BYTES_MAX = 512 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Once at start, before any thread: the name that every line carries; lines below `least` go. */
void log_start(const char *service, enum log_level least);

/*
 * log_line(LOG_WARNING, "smtp-refused", "job", id_text(job).text, "reply", reply, NULL):
 * pairs of name and C string, ended by NULL. `event` is a stable word for people to search for.
 */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));

/*
 * Which request from outside this thread is at work for; 0: none. Every line of the thread carries
 * it as "request", the bus hands it on to who is called, and what waits in a table keeps it. So one
 * id follows through the logs of all services. Random, of 63 bits; it opens and names nothing.
 */
void log_request_set(uint64_t request);
uint64_t log_request(void);

/* The common case: it failed with `error`. Returns `error`, so `return log_failure(...)` reads. */
SM_MUST_USE static inline enum sm_error log_failure(
    const char *event, enum sm_error error, const char *cause)
{
    log_line(LOG_ERROR, event, "error", error_name(error), "cause", cause, NULL);
    return error;
}

#endif
