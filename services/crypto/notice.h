/* The letter to a recipient that says that there is a message, with his link: when it is sent, and
 * again when the sender asks. The same link each time. */
#ifndef SM_CRYPTO_NOTICE_H
#define SM_CRYPTO_NOTICE_H

#include "services/crypto/link.h"
#include "services/crypto/organisation.h"

struct notice {
    const struct link *link;
    const struct organisation *organisation;
    struct span language, sender_name;
    struct id event; /* it goes out when audit has this one */
    int64_t not_before_ms;
};

/* Adds the mail job, inside the caller's transaction. */
SM_MUST_USE enum sm_error notice_add(const struct worker *worker, const struct notice *notice);

#endif
