/* Counting the administrators of an organisation, and holding them while one is changed. */
#include "services/crypto/administrators.h"

#include "proto/sealed.h"

/* clang-format off */
static const struct statement lock = {"administrators_lock",
    "SELECT account FROM vault.account WHERE organisation = $1 AND state = $2 AND roles & $3 <> 0"
    " ORDER BY account FOR UPDATE"};
/* clang-format on */

bool account_is_administrator(const struct account *account)
{
    return account->state == ACCOUNT_ACTIVE && (account->roles & ROLE_ADMIN);
}

enum sm_error administrators_lock(
    const struct worker *worker, struct id organisation, struct administrators *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct administrators found = {0};
    TRY(DB_RUN(worker->db, &lock, &rows, db_id(&organisation), db_u64(ACCOUNT_ACTIVE),
        db_u64(ROLE_ADMIN)));
    found.count = db_rows_count(rows);
    if (found.count > 0)
        TRY(db_read_id(rows, 0, 0, &found.one));
    *out = found;
    return SM_OK;
}

bool administrators_lose_last(const struct administrators *administrators,
    const struct account *before, const struct account *after)
{
    bool has_other =
        administrators->count > 1 ||
        (administrators->count == 1 && !id_equal(administrators->one, before->account));
    return account_is_administrator(before) && !account_is_administrator(after) && !has_other;
}
