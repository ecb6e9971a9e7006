/* The release of a message's key to a recipient who has proven who he is. */
#ifndef SM_CRYPTO_OPEN_H
#define SM_CRYPTO_OPEN_H

#include "services/crypto/link_session.h"

/*
 * Adds the two events of an opening inside the transaction that looked at `link`; *out is the later
 * one, to be waited for. `session` names them: the same session's opening is logged once.
 */
SM_MUST_USE enum sm_error open_log(
    struct sealed_call *call, const struct link *link, struct id session, struct id *out);

/*
 * Takes the key out of its wrap, for an opening whose event `granted` the log has, inside the
 * transaction that holds `message` and has looked at both again.
 */
SM_MUST_USE enum sm_error open_grant(struct sealed_call *call, const struct link *link,
    const struct message *message, struct id granted, struct content_reply *reply);

/*
 * Commits that `opening->link` opened `opening->message`, waits for the log, looks again, and gives
 * key and capability out. `opening->session` names the events: the same one is logged once. SM_GONE
 * when the link or its message has ended by then.
 */
SM_MUST_USE enum sm_error open_content(
    struct sealed_call *call, struct link_session *opening, struct content_reply *reply);

#endif
