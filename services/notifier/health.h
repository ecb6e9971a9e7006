/* What notifier shows of its queues (runtime/health.h). */
#ifndef SM_NOTIFIER_HEALTH_H
#define SM_NOTIFIER_HEALTH_H

#include "runtime/health.h"

extern const struct health_query notifier_health[];
extern const size_t notifier_health_count;

#endif
