/* Constant SQL over what waits; each costs what waits, not what is stored. Mail that is held
 * since a restore has no age: beside it, mail that the relay does not take must be seen. */
#include "services/notifier/health.h"

const struct health_query notifier_health[] = {
    HEALTH_OUTBOX("outbox"),
    {{"outbox_health_mail",
         "SELECT (SELECT count(*) FROM (SELECT FROM outbox.job WHERE state = 1 LIMIT 10000) AS some_rows),"
         " coalesce((SELECT clock.now_ms() - waiting_since_ms FROM outbox.job WHERE state = 1"
         " AND (NOT is_from_backup OR NOT restore.is_mail_held())"
         " ORDER BY waiting_since_ms LIMIT 1), 0) / 1000"},
        {METRIC_MAIL_WAITING, METRIC_MAIL_OLDEST}, 2},
    {{"outbox_health_held",
         "SELECT count(*) FROM (SELECT FROM outbox.job WHERE state = 1 AND is_from_backup"
         " AND restore.is_mail_held() LIMIT 10000) AS some_rows"},
        {METRIC_MAIL_HELD}, 1},
};
const size_t notifier_health_count = sizeof notifier_health / sizeof notifier_health[0];
