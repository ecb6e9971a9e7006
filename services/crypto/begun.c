/* Rows of vault.begun_answer. */
#include "services/crypto/begun.h"

#include "proto/limits.h"

/*
 * The gateway keeps a draft for as long as its right to upload lives after the last upload that was
 * begun, which may be at the end of the right itself; its sweep runs within the hour.
 */
#define ROOM_MS (((int64_t)2 * UPLOAD_CAPABILITY_S + 60 * 60) * 1000)

/* clang-format off */
static const struct statement
    forget_over = {"begun_forget",
        "DELETE FROM vault.begun_answer WHERE link = $1 AND until_ms <= clock.now_ms()"},
    count_others = {"begun_count",
        "SELECT count(*), coalesce(min(until_ms), 0) FROM vault.begun_answer"
        " WHERE link = $1 AND message <> $2"},
    take = {"begun_take",
        "INSERT INTO vault.begun_answer (message, link, until_ms)"
        " VALUES ($1, $2, clock.now_ms() + $3) ON CONFLICT (message)"
        " DO UPDATE SET until_ms = excluded.until_ms WHERE begun_answer.link = excluded.link"},
    give_back = {"begun_give_back", "DELETE FROM vault.begun_answer WHERE message = $1"};
/* clang-format on */

static enum sm_error check_room(struct db *db, struct id link, struct id answer, int64_t *until_ms)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    uint64_t others;
    int64_t first_ms;
    TRY(DB_RUN(db, &count_others, &rows, db_id(&link), db_id(&answer)));
    TRY(db_one(rows));
    TRY(db_read_u64(rows, 0, 0, &others));
    TRY(db_read_i64(rows, 0, 1, &first_ms));
    if (others < BEGUN_PER_LINK_MAX)
        return SM_OK;
    *until_ms = first_ms;
    return SM_RATE_LIMITED;
}

enum sm_error begun_take(
    const struct worker *worker, struct id link, struct id answer, int64_t *until_ms)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &forget_over, NULL, db_id(&link)));
    TRY(check_room(worker->db, link, answer, until_ms));
    TRY(DB_RUN(worker->db, &take, &rows, db_id(&answer), db_id(&link), db_i64(ROOM_MS)));
    return db_rows_affected(rows) == 1 ? SM_OK : SM_CONFLICT;
}

enum sm_error begun_give_back(const struct worker *worker, struct id answer)
{
    return DB_POST(worker->db, &give_back, db_id(&answer));
}
