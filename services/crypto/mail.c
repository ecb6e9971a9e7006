/* Making and cancelling mail jobs; both inside the caller's transaction. The relay is mail_relay.c.
 */
#include "services/crypto/mail.h"

#include "base/log.h"

#include "envelope/box.h"
#include "proto/limits.h"

static const char box_info[] = "securemail/1 letter";

/* clang-format off */
static const struct statement
    insert = {"mail_job_insert",
        "INSERT INTO vault.mail_job (job, organisation, message, link, kind, not_before_ms,"
        " not_after_ms, waits_for, sealed, request)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"},
    drop = {"mail_job_drop",
        "DELETE FROM vault.mail_job WHERE message = $1 AND ($2::bytea IS NULL OR link = $2)"},
    cancel = {"mail_cancel_insert",
        "INSERT INTO vault.mail_cancel (message, link) VALUES ($1, $2)"};
/* clang-format on */

/* The letter's bytes hold a link or a code: they are wiped as soon as they are sealed. */
static enum sm_error seal_letter(
    const struct worker *worker, const struct letter *content, struct id job, struct buffer *out)
{
    struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX - BOX_OVERHEAD_BYTES);
    struct box_label label = {span_text(box_info), id_span(&job)};
    TRY(fields_encode(&letter, content, &plain));
    return box_seal(SPAN(worker->crypto->letter_public), &label, buffer_span(&plain), out);
}

enum sm_error mail_add(const struct worker *worker, const struct mail_order *order)
{
    struct buffer sealed DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct id job;
    TRY(id_new(&job));
    TRY(seal_letter(worker, &order->letter, job, &sealed));
    return DB_POST(worker->db, &insert, db_id(&job), db_id(&order->organisation),
        db_id(&order->message), db_id(&order->link), db_u64(order->letter.kind),
        db_i64(order->not_before_ms), db_i64(order->not_after_ms), db_id(&order->event),
        db_bytes(buffer_span(&sealed)), db_i64((int64_t)log_request()));
}

enum sm_error mail_cancel(struct db *db, struct id message, struct id link)
{
    TRY(DB_RUN(db, &drop, NULL, db_id(&message), db_id(&link)));
    return DB_RUN(db, &cancel, NULL, db_id(&message), db_id(&link));
}
