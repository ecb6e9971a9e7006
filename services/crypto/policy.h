/*
 * What an organisation lets its senders choose, as it follows from its row: which identity checks,
 * which lifetimes, what is preset. Pure: no database. A floor hides the methods of a lower level
 * (method.h) whatever else is set.
 */
#ifndef SM_CRYPTO_POLICY_H
#define SM_CRYPTO_POLICY_H

#include "proto/sealed.h"
#include "services/crypto/organisation.h"

/* Bits of the methods that senders may choose now: set, known, and not below the floor. */
uint64_t policy_methods(const struct organisation *organisation);
/* Bits of enum lifetime. */
uint64_t policy_lifetimes(const struct organisation *organisation);
bool policy_allows_days(const struct organisation *organisation, uint64_t days);

/* Presets that are not allowed (any more) are forgotten. */
void policy_mend(struct organisation *organisation);

/* What is wrong with it, as a sentence for people; NULL: nothing. */
const char *policy_fault(const struct organisation *organisation);

/* The days of the longest lifetime in a mask of enum lifetime. */
uint64_t policy_days_max(uint64_t mask);

/* Appends what differs, for the log: "methods 7 to 4, lifetimes 7 to 3". Empty: nothing does. */
SM_MUST_USE enum sm_error policy_changes(
    const struct organisation *before, const struct organisation *after, struct buffer *out);

#endif
