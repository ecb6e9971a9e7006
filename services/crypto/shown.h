/*
 * The first time that a link's page was shown: a hello came with its secret. Weaker than opened,
 * for a mail scanner that runs scripts says hello too. The sender sees it in the recipient's trail.
 */
#ifndef SM_CRYPTO_SHOWN_H
#define SM_CRYPTO_SHOWN_H

#include "services/crypto/link.h"

/*
 * Inside the caller's transaction: keeps the time and tells the gateway, unless it was shown
 * before. The link's row is not changed and not waited for; where it is gone meanwhile, nothing
 * happens.
 */
SM_MUST_USE enum sm_error shown_note(struct db *db, const struct link *link, int64_t now_ms);

#endif
