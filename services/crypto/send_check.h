/*
 * What a message must be before anything is done about it: a table of rules, each with the error
 * and the sentence that its breach gives. Rules of form are SM_BAD_VALUE; rules that the
 * organisation sets are SM_NOT_ALLOWED, and their breach is logged. Pure: no database.
 */
#ifndef SM_CRYPTO_SEND_CHECK_H
#define SM_CRYPTO_SEND_CHECK_H

#include "services/crypto/organisation.h"
#include "services/crypto/sealed_call.h"

struct send_facts {
    const struct send_request *request;
    const struct sealed_aad *aad;
    const struct organisation *organisation;
    uint64_t stored_bytes; /* ciphertext that the organisation has already */
};

/* SM_OK, or the first rule's error, with *reason pointing to its constant sentence. */
SM_MUST_USE enum sm_error send_check(const struct send_facts *facts, const char **reason);

/* A part list that is complete, in order from 0, with sizes that sealed streams have, within the
 * limits of a header part and of attachments. */
bool send_parts_are_good(const struct list *parts);
uint64_t send_parts_bytes(const struct list *parts); /* of ciphertext */

/* ASCII without regard to case: addresses that a mail server takes for the same. */
bool send_addresses_are_same(struct span a, struct span b);

#endif
