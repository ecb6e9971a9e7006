/*
 * Ids that are derived instead of drawn: the same fact gets the same id, on any replica and after
 * any crash, so that audit logs it once and the notifier mails it once.
 *
 *     first 16 bytes of SHA-256("securemail/1 id" || word || 00 || length-prefixed parts)
 */
#ifndef SM_CRYPTO_DERIVED_H
#define SM_CRYPTO_DERIVED_H

#include "base/id.h"

SM_MUST_USE enum sm_error derived_id(
    const char *word, const struct span *parts, size_t count, struct id *out);

/* Of one id, the common case: derived_from("opened", session, &event). */
SM_MUST_USE enum sm_error derived_from(const char *word, struct id from, struct id *out);

/*
 * Of an end: of the message, or of one link of it (none: of the message). Senders choose the ids of
 * their messages, so a message may have a link's id, and is another fact all the same.
 */
SM_MUST_USE enum sm_error derived_end(
    const char *word, struct id message, struct id link, struct id *out);

#endif
