/* Constant SQL over what waits; each costs what waits, not what is stored. Letters that are
 * held since a restore have no age: beside them, one that the notifier does not take must be seen.
 */
#include "services/crypto/health.h"

const struct health_query crypto_health[] = {
    HEALTH_OUTBOX("vault"),
    {{"vault_health_letters",
         "SELECT (SELECT count(*) FROM (SELECT FROM vault.mail_job LIMIT 10000) AS some_rows),"
         " coalesce((SELECT clock.now_ms() - min(not_before_ms) FROM vault.mail_job"
         " WHERE NOT is_from_backup OR NOT restore.is_mail_held()), 0) / 1000"},
        {METRIC_LETTERS_WAITING, METRIC_LETTER_OLDEST}, 2},
    {{"vault_health_held", "SELECT count(*) FROM (SELECT FROM vault.mail_job WHERE is_from_backup"
                           " AND restore.is_mail_held() LIMIT 10000) AS some_rows"},
        {METRIC_MAIL_HELD}, 1},
    {{"vault_health_due", "SELECT coalesce((SELECT clock.now_ms() - due_ms FROM vault.message"
                          " WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1), 0) / 1000"},
        {METRIC_RETENTION_LAG}, 1},
};
const size_t crypto_health_count = sizeof crypto_health / sizeof crypto_health[0];
