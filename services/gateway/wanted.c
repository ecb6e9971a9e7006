/*
 * It is heard up to a second late, and also by who told it. By then the client may be writing again
 * over a new connection, so only those that have had the lock for longer are ended.
 */
#include "services/gateway/wanted.h"

#include "base/log.h"
#include "services/gateway/inflow.h"

enum { HEARD_LATE_MS = 3000 };

#define CHANNEL "gateway_upload_wanted"

static const struct statement tell = {
    "gateway_upload_wanted", "SELECT pg_notify('" CHANNEL "', $1)"};

void wanted_tell(struct worker *worker, struct id upload)
{
    struct db *db = NULL;
    struct id_text text = id_text(upload);
    enum sm_error error = worker_db(worker, &db);
    if (error == SM_OK)
        error = DB_RUN(db, &tell, NULL, db_text(span_text(text.text)));
    if (error != SM_OK)
        log_line(LOG_WARNING, "wanted-not-told", "error", error_name(error), NULL);
}

static void on_wanted(void *context, const char *said)
{
    struct gateway *gateway = context;
    struct id upload;
    if (id_parse(span_text(said), &upload) == SM_OK)
        inflows_displace(gateway->inflows, upload, HEARD_LATE_MS);
}

enum sm_error wanted_hear(struct gateway *gateway, struct db *db, uint64_t *session)
{
    if (*session != db_sessions(db))
        TRY(db_listen(db, CHANNEL));
    *session = db_sessions(db);
    return db_hear(db, on_wanted, gateway);
}
