/* What audit shows of its tables (runtime/health.h). */
#ifndef SM_AUDIT_HEALTH_H
#define SM_AUDIT_HEALTH_H

#include "runtime/health.h"

extern const struct health_query audit_health[];
extern const size_t audit_health_count;

#endif
