/*
 * How long a mail waits before the next attempt. The first steps are short, because most faults of
 * a relay pass in seconds; the last is a quarter of an hour, so that after a long outage everything
 * is out soon. A code is waited for by a person and lives ten minutes: its steps stay short.
 */
#ifndef SM_NOTIFIER_BACKOFF_H
#define SM_NOTIFIER_BACKOFF_H

#include "proto/notify.h"

/* Milliseconds after the `attempt`-th failure (1 is the first) of a letter of that kind. */
int64_t backoff_ms(uint64_t attempt, uint64_t letter_kind);

#endif
