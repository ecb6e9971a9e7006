/*
 * What a log says of its signing keys after the first: each was handed over to by an entry of
 * audit's own, "key-rotated" with the reason "signing key: next <64 digits>". The checkpoint of
 * just so many entries as end with that one is signed by the key before: this is its statement.
 * Every later checkpoint is signed by the key that the entry names. docs/audit-format.md.
 */
#ifndef SM_AUDIT_SUCCESSOR_H
#define SM_AUDIT_SUCCESSOR_H

#include "base/buffer.h"
#include "db/connection.h"

enum { SUCCESSORS_MAX = 15, SUCCESSOR_KEY_BYTES = 32 };
#define SUCCESSOR_REASON "signing key: next " /* then the key in hexadecimal; frozen */

struct successors {
    uint8_t keys[SUCCESSORS_MAX][SUCCESSOR_KEY_BYTES]; /* in the order of use */
    size_t count;
};

/* Of the entries up to `to_seq`; entries that are none are passed over, as in a damaged log. */
SM_MUST_USE enum sm_error successors_read(
    struct db *db, const struct id *organisation, uint64_t to_seq, struct successors *out);

/* Whether the log was ever handed over to this key. That it is the key of now is shown by the
 * newest checkpoint, not here: after a crash the old key has signed that another one follows. */
SM_MUST_USE enum sm_error successor_is_known(
    struct db *db, const struct id *organisation, struct span public_key, bool *out);

/* Appends the reason that names `public_key`. */
SM_MUST_USE enum sm_error successor_reason(struct span public_key, struct buffer *out);

#endif
