/*
 * A letter becomes a mail. The sealed job is opened with the notifier's letter key (lib/envelope
 * box, info "securemail/1 letter", aad the job's id), its content is checked as if it came from a
 * stranger, and a mail is composed from fixed texts: plain text, one recipient, nothing of the
 * message's content. The same job always gives the same Message-ID, so that a repeat after an
 * unknown outcome is recognised as one.
 *
 * Link and code exist only in struct opened_letter and in the composed mail; both are wiped.
 */
#ifndef SM_NOTIFIER_LETTER_H
#define SM_NOTIFIER_LETTER_H

#include "base/memory.h"
#include "envelope/p256.h"
#include "proto/limits.h"
#include "proto/notify.h"

enum { LETTER_MAIL_BYTES_MAX = 32 * 1024 };

/* Reads notifier-letter.key (64 hexadecimal digits, 0600 or stricter) of the keys' folder;
 * SM_CONFIG with the reason in the log. The caller owns *out. */
SM_MUST_USE enum sm_error letter_key_load(const char *keys_dir, struct p256_key **out);

/* An opened job: `letter` points into what it owns. Initialise with OPENED_LETTER. */
struct opened_letter {
    struct buffer plaintext;
    struct arena arena;
    struct letter letter;
};
#define OPENED_LETTER \
    ((struct opened_letter){.plaintext = BUFFER(MAIL_JOB_BYTES_MAX), .arena = ARENA(64)})
void opened_letter_free(struct opened_letter *opened);

/*
 * Opens and checks. SM_TAMPERED when the box is not for this key and job, SM_BAD_FORMAT or
 * SM_BAD_VALUE when the letter is not what its kind demands. None of them gets better by waiting.
 */
SM_MUST_USE enum sm_error letter_open(
    const struct p256_key *key, struct id job, struct span sealed, struct opened_letter *out);

/* SM_BAD_VALUE or SM_BAD_FORMAT unless every field is what its kind demands. */
SM_MUST_USE enum sm_error letter_check(const struct letter *facts);

struct letter_stamp {
    struct id job;            /* Message-ID */
    struct span from_address; /* used when the letter names none; also the Message-ID's domain */
    int64_t now_ms;           /* Date */
};

/* Appends the whole mail, headers and body, CRLF lines. Checks the letter again. */
SM_MUST_USE enum sm_error letter_compose(
    const struct letter *facts, const struct letter_stamp *stamp, struct buffer *out);

/* Who writes: the letter's address or else the stamp's; it lives as long as both. */
struct span letter_from(const struct letter *facts, const struct letter_stamp *stamp);

#endif
