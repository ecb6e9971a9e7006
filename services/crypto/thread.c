/* Finding by one bounded query; deciding by loaded rows. */
#include "services/crypto/thread.h"

#include "services/crypto/method.h"
#include "services/crypto/send_check.h"

/* clang-format off */
static const struct statement
    /* Up to the first message, then down; nothing is taken that is not to or from the address. */
    find = {"thread_find",
        "WITH RECURSIVE up (message, parent, depth) AS ("
        "SELECT message, parent, 0 FROM vault.message WHERE message = $1"
        " UNION ALL SELECT m.message, m.parent, up.depth + 1 FROM up"
        " JOIN vault.message m ON m.message = up.parent WHERE up.depth < $5),"
        " down (message, depth) AS ("
        "(SELECT message, 0 FROM up ORDER BY depth DESC LIMIT 1)"
        " UNION ALL SELECT m.message, down.depth + 1 FROM down"
        " JOIN vault.message m ON m.parent = down.message AND m.organisation = $2 AND m.sender = $3"
        " WHERE down.depth < $5)"
        " SELECT DISTINCT m.message, m.created_ms FROM down"
        " JOIN vault.message m ON m.message = down.message"
        " WHERE EXISTS (SELECT FROM vault.link l"
        " WHERE l.link = m.from_link AND lower(l.address) = lower($4))"
        " OR m.direction = 0 AND EXISTS (SELECT FROM vault.link l"
        " WHERE l.message = m.message AND lower(l.address) = lower($4))"
        " ORDER BY m.created_ms DESC, m.message LIMIT $6"},
    link_to = {"thread_link",
        "SELECT link FROM vault.link WHERE message = $1 AND lower(address) = lower($2) LIMIT 1"};
/* clang-format on */

enum sm_error thread_find(
    struct sealed_call *call, const struct link_session *session, struct list *out)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    const struct message *message = &session->message;
    void *ids;
    TRY(DB_RUN(call->worker->db, &find, &rows, db_id(&message->message),
        db_id(&message->organisation), db_id(&message->sender), db_text(session->link.address),
        db_i64(THREAD_DEPTH_MAX), db_i64(THREAD_ITEMS_MAX)));
    size_t count = db_rows_count(rows);
    TRY(arena_take(call->arena, count, sizeof(struct id), &ids));
    for (size_t i = 0; i < count; i++)
        TRY(db_read_id(rows, i, 0, (struct id *)ids + i));
    *out = (struct list){ids, count};
    return SM_OK;
}

/* The recipient's link to a message; of a reply, the one that it was written through. */
static enum sm_error load_link(
    struct sealed_call *call, const struct link_session *session, struct thread_item *item)
{
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct id id = item->message.from_link;
    if (item->message.direction == DIRECTION_MESSAGE) {
        TRY(DB_RUN(call->worker->db, &link_to, &rows, db_id(&item->message.message),
            db_text(session->link.address)));
        TRY(db_one(rows));
        TRY(db_read_id(rows, 0, 0, &id));
    }
    return link_load(call->worker, call->arena, id, &item->link);
}

static bool is_his(const struct link_session *session, const struct thread_item *item)
{
    const struct message *message = &item->message;
    bool is_to_it =
        message->direction == DIRECTION_REPLY || id_equal(item->link.message, message->message);
    return is_to_it && id_equal(message->organisation, session->message.organisation) &&
           id_equal(message->sender, session->message.sender) &&
           send_addresses_are_same(item->link.address, session->link.address);
}

/* What was passed is at least what this one asks for. */
static bool is_proven(const struct link_session *session, const struct link *link)
{
    const struct method_rule *passed = method_find(session->link.method);
    const struct method_rule *asked = method_find(link->method);
    return passed && asked && passed->level >= asked->level;
}

static bool can_open(const struct sealed_call *call, const struct link_session *session,
    const struct thread_item *item)
{
    if (item->message.direction == DIRECTION_REPLY)
        return message_is_readable(&item->message, call->now_ms);
    return link_is_live(&item->link, &item->message, call->now_ms) &&
           lockout_now(&item->link.lockout, call->now_ms) == SM_OK &&
           is_proven(session, &item->link);
}

enum sm_error thread_look(struct sealed_call *call, const struct link_session *session,
    struct id message, struct thread_item *out)
{
    struct thread_item item = {0};
    TRY(message_load(call->worker, call->arena, message, &item.message));
    TRY(load_link(call, session, &item));
    if (!is_his(session, &item))
        return SM_NOT_FOUND;
    item.is_open = can_open(call, session, &item);
    *out = item;
    return SM_OK;
}
