/* The field tables of the notifier's messages. */
#include "proto/notify.h"

#include "proto/limits.h"

#define TIME(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)

/* clang-format off */
FIELDS(letter, struct letter,
    F_U64(struct letter, kind, LETTER_NOTICE, LETTER_LAST, "1 notice, 2 code, 3 reply, 4 locked, 5 reset, 6 checkpoint"),
    F_LINE(struct letter, language, LANGUAGE_BYTES, LANGUAGE_BYTES, "\"nl\" or \"en\""),
    F_LINE(struct letter, to_address, 3, ADDRESS_BYTES_LIMIT, "mail address"),
    F_LINE(struct letter, to_name, 0, PERSON_NAME_BYTES_MAX, "may be empty"),
    F_LINE(struct letter, from_address, 0, ADDRESS_BYTES_LIMIT, "empty: the notifier's own"),
    F_LINE(struct letter, from_name, 0, ORGANISATION_NAME_BYTES_MAX, "empty: organisation_name"),
    F_LINE(struct letter, organisation_name, 1, ORGANISATION_NAME_BYTES_MAX, "who sent it"),
    F_LINE(struct letter, sender_name, 1, PERSON_NAME_BYTES_MAX, "who sent it"),
    F_LINE(struct letter, link, 0, 512, "the whole link, or empty"),
    F_LINE(struct letter, code, 0, CODE_DIGITS, "6 digits, or empty"),
    F_TEXT(struct letter, note, 0, CHECKPOINT_NOTE_BYTES_LIMIT, "a signed note, or empty"),
    TIME(struct letter, expires_ms, "of the link or the code"));

FIELDS(mail_job, struct mail_job,
    F_ID(struct mail_job, job, 1, "the job; the Message-ID comes from it"),
    F_ID(struct mail_job, organisation, 1, "whose it is"),
    F_ID(struct mail_job, message, 1, "about which message"),
    F_ID(struct mail_job, link, 0, "for which recipient, or none"),
    F_U64(struct mail_job, kind, LETTER_NOTICE, LETTER_LAST, "1 notice, 2 code, 3 reply, 4 locked, 5 reset, 6 checkpoint"),
    TIME(struct mail_job, not_before_ms, "waits until then"),
    TIME(struct mail_job, not_after_ms, "given up after"),
    F_BYTES(struct mail_job, sealed, 1, MAIL_JOB_BYTES_MAX, "a letter sealed to the notifier's key"),
    F_U64(struct mail_job, request, 0, INT64_MAX, "of what request from outside it comes; 0: none"));
FIELDS(enqueue_request, struct enqueue_request,
    F_LIST(struct enqueue_request, jobs, 1, PAGE_ROWS_MAX, mail_job, "each is taken once by its id"));
FIELDS(cancel_request, struct cancel_request,
    F_ID(struct cancel_request, message, 1, "of this message"),
    F_ID(struct cancel_request, link, 0, "for this recipient; none: all"));
FIELDS(cancel_reply, struct cancel_reply,
    F_U64(struct cancel_reply, cancelled, 0, MS_MAX, "jobs that had not gone out"));

FIELDS(delivery_feed_request, struct delivery_feed_request,
    F_U64(struct delivery_feed_request, after_tx, 0, MS_MAX, "cursor: transaction"),
    F_U64(struct delivery_feed_request, after_id, 0, MS_MAX, "cursor: row"),
    F_U64(struct delivery_feed_request, rows_max, 1, PAGE_ROWS_MAX, "at most so many"));
FIELDS_LOCAL(delivery, struct delivery,
    F_U64(struct delivery, tx, 0, MS_MAX, "cursor: transaction"),
    F_U64(struct delivery, id, 0, MS_MAX, "cursor: row"),
    F_ID(struct delivery, job, 1, "the job"),
    F_ID(struct delivery, organisation, 1, "whose it is"),
    F_ID(struct delivery, message, 1, "about which message"),
    F_ID(struct delivery, link, 0, "for which recipient, or none"),
    F_U64(struct delivery, kind, LETTER_NOTICE, LETTER_LAST, "1 notice, 2 code, 3 reply, 4 locked, 5 reset, 6 checkpoint"),
    F_U64(struct delivery, result, DELIVERY_ACCEPTED, DELIVERY_UNDELIVERABLE, "1 accepted, 2 undeliverable"),
    TIME(struct delivery, at_ms, "when"));
FIELDS(delivery_feed_reply, struct delivery_feed_reply,
    F_LIST(struct delivery_feed_reply, deliveries, 0, PAGE_ROWS_MAX, delivery, "in cursor order"));
/* clang-format on */
