/* Transactions. What a lost COMMIT did is unknown, and is told as such: it is never sent again. */
#include "base/metric.h"
#include "db/session.h"

#include <assert.h>
#include <string.h>

/* Prepared as every statement is: as text, each would be parsed anew. */
static const struct statement begin = {"transaction_begin", "BEGIN"};
static const struct statement commit = {"transaction_commit", "COMMIT"};
static const struct db_query both[] = {{&begin, NULL, 0, NULL}, {&commit, NULL, 0, NULL}};

/* BEGIN goes out with the first statement. */
enum sm_error db_begin(struct db *db, struct db_transaction *tx)
{
    assert(!db->is_in_transaction);
    TRY(session_be_ready(db, both, sizeof both / sizeof both[0]));
    TRY(session_post(db, &begin));
    db->is_in_transaction = true;
    tx->db = db;
    metric_move(METRIC_DATABASE_TRANSACTIONS, 1);
    return SM_OK;
}

static const struct statement unsynced = {
    "transaction_unsynced", "SELECT set_config('synchronous_commit', 'off', true)"};
static const struct statement unsynced_for_good = {
    "session_unsynced", "SELECT set_config('synchronous_commit', 'off', false)"};

enum sm_error db_begin_unsynced(struct db *db, struct db_transaction *tx)
{
    TRY(db_begin(db, tx));
    return db_post(db, &unsynced, NULL, 0);
}

enum sm_error db_be_unsynced(struct db *db)
{
    return DB_RUN0(db, &unsynced_for_good, NULL);
}

/* A statement that failed leaves its transaction open. */
static void leave(struct db *db)
{
    if (!db->is_broken && PQtransactionStatus(db->connection) != PQTRANS_IDLE &&
        session_command(db, "ROLLBACK") != SM_OK)
        db->is_broken = true;
}

/* COMMIT of a failed transaction answers ROLLBACK: that is an error here, not a success. */
enum sm_error db_commit(struct db_transaction *tx)
{
    struct db *db = TAKE(tx->db);
    PGresult *result = NULL;
    db->is_in_transaction = false;
    enum sm_error error = session_post(db, &commit);
    if (error == SM_OK)
        error = session_settle(db, &result);
    if (error == SM_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        error = SM_DATABASE;
    PQclear(result);
    if (error != SM_OK)
        leave(db);
    metric_move(METRIC_DATABASE_TRANSACTIONS, -1); /* it waited in its COMMIT, too */
    return error;
}

/* What is posted and was never waited for goes with it. */
void db_rollback(struct db_transaction *tx)
{
    if (!tx->db)
        return;
    struct db *db = TAKE(tx->db);
    db->is_in_transaction = false;
    if (!db->is_broken && session_settle(db, NULL) == SM_UNAVAILABLE)
        db->is_broken = true;
    leave(db);
    metric_move(METRIC_DATABASE_TRANSACTIONS, -1);
}
