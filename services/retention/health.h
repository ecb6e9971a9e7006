/* What retention shows of its queues (runtime/health.h). */
#ifndef SM_RETENTION_HEALTH_H
#define SM_RETENTION_HEALTH_H

#include "runtime/health.h"

extern const struct health_query retention_health[];
extern const size_t retention_health_count;

#endif
