/* How an organisation looks to recipients: which values are good. The operations that read and set
 * it are in profile_set.c. */
#ifndef SM_CRYPTO_PROFILE_H
#define SM_CRYPTO_PROFILE_H

#include "services/crypto/organisation.h"

/* Language, colour and sender's address are of the form that pages and mails need. */
bool profile_is_good(const struct organisation *organisation);

#endif
