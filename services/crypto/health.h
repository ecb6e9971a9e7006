/* What crypto shows of its queues (runtime/health.h). */
#ifndef SM_CRYPTO_HEALTH_H
#define SM_CRYPTO_HEALTH_H

#include "runtime/health.h"

extern const struct health_query crypto_health[];
extern const size_t crypto_health_count;

#endif
