/* One statement for all messages of a page; a count that is as it was writes nothing. */
#include "services/gateway/counts.h"

static const struct statement take_turn = {
    "gateway_turn", "SELECT FROM mail.cursor WHERE feed = 'crypto' FOR NO KEY UPDATE"};

static const struct statement bring_up = {"gateway_counts",
    "UPDATE mail.message AS m SET recipients = c.recipients, opened = c.opened,"
    " replied = c.replied, delivered = c.delivered, undeliverable = c.undeliverable,"
    " replies = c.replies"
    " FROM (SELECT DISTINCT unnest($1::bytea[]) AS message) AS t"
    " CROSS JOIN LATERAL (SELECT count(*) AS recipients,"
    " count(*) FILTER (WHERE opened_ms > 0) AS opened,"
    " count(*) FILTER (WHERE replied_ms > 0) AS replied,"
    " count(*) FILTER (WHERE result = 1) AS delivered,"
    " count(*) FILTER (WHERE result = 2) AS undeliverable,"
    " (SELECT count(*) FROM mail.message AS f WHERE f.parent = t.message AND f.direction = 1)"
    " AS replies"
    " FROM mail.recipient LEFT JOIN mail.delivery USING (link)"
    " WHERE recipient.message = t.message) AS c"
    " WHERE m.message = t.message"
    " AND (m.recipients, m.opened, m.replied, m.delivered, m.undeliverable, m.replies)"
    " IS DISTINCT FROM"
    " (c.recipients, c.opened, c.replied, c.delivered, c.undeliverable, c.replies)"};

void touched_free(struct touched *touched)
{
    db_array_free(&touched->messages);
}

enum sm_error touched_add(struct touched *touched, struct id message)
{
    return id_is_none(message) ? SM_OK : db_array_add(&touched->messages, db_id(&message));
}

enum sm_error counts_take_turn(struct db *db)
{
    return db_post(db, &take_turn, NULL, 0);
}

enum sm_error counts_bring_up(struct db *db, struct touched *touched)
{
    struct db_value messages;
    if (touched->messages.count == 0)
        return SM_OK;
    TRY(db_array_value(&touched->messages, &messages));
    return db_post(db, &bring_up, &messages, 1);
}
