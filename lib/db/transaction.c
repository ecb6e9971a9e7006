/* Transactions. What a lost COMMIT did is unknown, and is told as such: it is never sent again. */
#include "db/session.h"

#include <assert.h>
#include <string.h>

enum sm_error db_begin(struct db *db, struct db_transaction *tx)
{
    assert(!db->is_in_transaction);
    TRY(session_be_there(db));
    enum sm_error error = session_command(db, "BEGIN");
    if (error == SM_UNAVAILABLE && db->is_broken) {
        TRY(session_connect(db));
        error = session_command(db, "BEGIN");
    }
    if (error != SM_OK)
        return error;
    db->is_in_transaction = true;
    tx->db = db;
    return SM_OK;
}

/* COMMIT of a failed transaction answers ROLLBACK: that is an error here, not a success. */
enum sm_error db_commit(struct db_transaction *tx)
{
    struct db *db = TAKE(tx->db);
    db->is_in_transaction = false;
    if (db->is_broken)
        return SM_UNAVAILABLE;
    PGresult *result = PQexec(db->connection, "COMMIT");
    enum sm_error error = SM_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        error = session_failure(db, result, "COMMIT");
    else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        error = SM_DATABASE;
    PQclear(result);
    return error;
}

void db_rollback(struct db_transaction *tx)
{
    if (!tx->db)
        return;
    struct db *db = TAKE(tx->db);
    db->is_in_transaction = false;
    if (!db->is_broken && session_command(db, "ROLLBACK") != SM_OK)
        db->is_broken = true;
}
