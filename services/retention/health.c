/* What is due is known to crypto; retention shows its own events. */
#include "services/retention/health.h"

const struct health_query retention_health[] = {HEALTH_OUTBOX("retention")};
const size_t retention_health_count = sizeof retention_health / sizeof retention_health[0];
