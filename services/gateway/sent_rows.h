/*
 * Messages as a sender sees them, from the projected table: which of them a request asks for, and
 * what is read of each. One text and one reader for list and detail, so that they cannot drift
 * apart. Paged by a keyset cursor, so page 10,000 costs what page 1 does. Subjects go out as they
 * lie here: sealed.
 */
#ifndef SM_GATEWAY_SENT_ROWS_H
#define SM_GATEWAY_SENT_ROWS_H

#include "proto/field.h"
#include "services/gateway/asking.h"
#include "services/gateway/exchange.h"

#include "proto/limits.h"

/* What is counted stands beside the message (counts.h); only a reply asks for one row more, the one
 * that says from where it came. */
#define MESSAGE_COLUMNS                                                                    \
    "SELECT message, parent, link, direction, state, created_ms, expires_ms, parts, name," \
    " subject_sealed, recipients, opened, replied, delivered, undeliverable, replies,"     \
    " CASE WHEN link IS NULL THEN '' ELSE coalesce((SELECT address FROM mail.recipient AS" \
    " w WHERE w.link = m.link), '') END"                                                   \
    " FROM mail.message AS m WHERE organisation = $1 AND sender = $2"

struct message_row {
    struct id message, parent, link;
    struct span direction, status, name, address, subject_sealed;
    uint64_t created_ms, expires_ms, parts, recipients, opened, replies;
};
extern const struct fields message_row;

/* One row; its status is as of `now_ms`. */
SM_MUST_USE enum sm_error read_message(
    const struct db_rows *rows, size_t row, int64_t now_ms, struct message_row *out);

/* The first `count` rows, into `arena`. */
SM_MUST_USE enum sm_error read_messages(const struct db_rows *rows, size_t count,
    struct arena *arena, int64_t now_ms, struct list *out);

/* --- which page --- */

struct list_query {
    int64_t before_ms;
    struct id before; /* none cannot be: no message has that id */
    uint64_t rows_max;
    struct id parent; /* none: all */
    bool is_first;    /* the newest of all: a page that is kept (kept_lists.h) */
};

/* From the query parameters. SM_BAD_FORMAT, SM_BAD_VALUE. */
SM_MUST_USE enum sm_error read_list_query(const struct exchange *exchange, struct list_query *out);

/* Asks for the page of what follows up query->parent. */
void ask_follow_ups(
    const struct exchange *exchange, const struct list_query *query, struct asking *out);

/* --- the fields of what goes out --- */

#define NUMBER(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)
#define WORDS(type, member, meaning) F_LINE(type, member, 0, MS_MAX, meaning)

#endif
