/*
 * The rows of vault.shown. The first writer wins: whoever comes later, at whichever replica, finds
 * the row and says nothing. The share lock keeps the link's row until the commit, so that a
 * deletion at the same time takes the feed's item with it, or comes first and leaves no link to
 * note.
 */
#include "services/crypto/shown.h"

#include "services/crypto/feed.h"

/* clang-format off */
static const struct statement insert = {"shown_insert",
    "INSERT INTO vault.shown (link, at_ms) SELECT link, $2 FROM vault.link WHERE link = $1"
    " FOR KEY SHARE ON CONFLICT (link) DO NOTHING"};
/* clang-format on */

enum sm_error shown_note(struct db *db, const struct link *link, int64_t now_ms)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(db, &insert, &rows, db_id(&link->link), db_i64(now_ms)));
    if (db_rows_affected(rows) == 0)
        return SM_OK;
    return feed_add(db, &(struct feed_item){.kind = FEED_SHOWN,
                            .organisation = link->organisation,
                            .message = link->message,
                            .link = link->link,
                            .created_ms = (uint64_t)now_ms});
}
