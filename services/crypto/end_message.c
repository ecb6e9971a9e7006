/* Links first or with the message, the mail that waits for them, and the feed that tells of it. */
#include "services/crypto/end_message.h"

#include "services/crypto/feed.h"
#include "services/crypto/link.h"
#include "services/crypto/mail.h"
#include "services/crypto/message.h"
#include "services/crypto/usage.h"

/* clang-format off */
static const struct statement
    links_of = {"ending_links", "SELECT link FROM vault.link WHERE message = $1 ORDER BY link"},
    delete_links = {"ending_delete_links", "DELETE FROM vault.link WHERE message = $1"};
/* clang-format on */

/* --- revoke --- */

static enum sm_error close_link(const struct worker *worker, struct arena *arena, struct id id)
{
    struct link link;
    TRY(link_lock(worker, arena, id, &link));
    if (link.state == LINK_REVOKED)
        return SM_OK;
    link.state = LINK_REVOKED;
    TRY(link_update(worker, &link));
    return link_to_feed(worker, &link);
}

/* An edited link refuses by itself, and is closed by its message's state; the others close too. */
static enum sm_error close_all_links(
    const struct worker *worker, struct arena *arena, struct id message)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    TRY(DB_RUN(worker->db, &links_of, &rows, db_id(&message)));
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct id link;
        TRY(db_read_id(rows, i, 0, &link));
        enum sm_error closed = close_link(worker, arena, link);
        if (closed != SM_TAMPERED)
            TRY(closed);
    }
    return SM_OK;
}

enum sm_error end_revoke(const struct worker *worker, struct arena *arena, struct id id)
{
    struct message message;
    TRY(message_lock(worker, arena, id, &message));
    if (message.state == STATE_DELETED)
        return SM_GONE;
    TRY(close_all_links(worker, arena, id));
    if (message.state == STATE_LIVE) {
        message.state = STATE_REVOKED;
        TRY(message_update(worker, &message));
    }
    return mail_cancel(worker->db, id, (struct id){{0}});
}

enum sm_error end_revoke_link(
    const struct worker *worker, struct arena *arena, struct id message, struct id link)
{
    TRY(close_link(worker, arena, link));
    return mail_cancel(worker->db, message, link);
}

/* --- delete --- */

/*
 * Links go with their codes and sessions; the message's row stays as a name that is never taken
 * again, without key, subject and parts. The feed keeps nothing of it but that it is deleted.
 */
static enum sm_error destroy(const struct worker *worker, struct message *message, int64_t now_ms)
{
    struct db *db = worker->db;
    int64_t bytes = (int64_t)message_bytes(message->parts);
    message->state = STATE_DELETED;
    message->wrapped = message->subject_sealed = message->parts = message->digest =
        span_of(NULL, 0);
    TRY(DB_RUN(db, &delete_links, NULL, db_id(&message->message)));
    TRY(feed_forget(db, message->message));
    TRY(message_update(worker, message));
    TRY(usage_add(db, message->organisation, -bytes));
    TRY(mail_cancel(db, message->message, (struct id){{0}}));
    return message_set_due(worker, message->message, true, now_ms);
}

enum sm_error end_delete(
    const struct worker *worker, struct arena *arena, struct id id, int64_t now_ms)
{
    struct message message;
    TRY(message_lock(worker, arena, id, &message));
    return message.state == STATE_DELETED ? SM_OK : destroy(worker, &message, now_ms);
}
