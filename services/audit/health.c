/*
 * The heads of the logs, found by going from organisation to organisation in the primary key: it
 * costs the number of logs, not of entries.
 */
#include "services/audit/health.h"

const struct health_query audit_health[] = {
    {{"audit_health_heads",
         "WITH RECURSIVE log (organisation) AS ("
         " (SELECT organisation FROM audit.entry ORDER BY organisation LIMIT 1)"
         " UNION ALL SELECT (SELECT e.organisation FROM audit.entry e"
         " WHERE e.organisation > log.organisation ORDER BY e.organisation LIMIT 1)"
         " FROM log WHERE log.organisation IS NOT NULL)"
         "SELECT count(*), coalesce(sum((SELECT max(seq) FROM audit.entry e"
         " WHERE e.organisation = log.organisation)), 0)::bigint"
         " FROM log WHERE organisation IS NOT NULL"},
        {METRIC_AUDIT_LOGS, METRIC_AUDIT_ENTRIES}, 2},
};
const size_t audit_health_count = sizeof audit_health / sizeof audit_health[0];
