/* The release of a message's key to a recipient who has proven who he is. */
#ifndef SM_CRYPTO_OPEN_H
#define SM_CRYPTO_OPEN_H

#include "services/crypto/link_session.h"

/*
 * Commits that `opening->link` opened `opening->message`, waits for the log, looks again, and gives
 * key and capability out. `opening->session` names the events: the same one is logged once. SM_GONE
 * when the link or its message has ended by then.
 */
SM_MUST_USE enum sm_error open_content(
    struct sealed_call *call, struct link_session *opening, struct content_reply *reply);

#endif
