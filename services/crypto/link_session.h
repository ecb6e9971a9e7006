/*
 * A recipient who has proven who he is: half an hour in which the key may be asked for, again and
 * again, without another code or password. The session's secret is known to his page and to nobody
 * else; here is its HMAC, bound to session, link and expiry. Sessions end with their link.
 */
#ifndef SM_CRYPTO_LINK_SESSION_H
#define SM_CRYPTO_LINK_SESSION_H

#include "services/crypto/link.h"
#include "services/crypto/message.h"

/*
 * Makes a session of `link` inside the caller's transaction, under the random id out->session that
 * the caller has chosen; its secret lives in the call's arena.
 */
SM_MUST_USE enum sm_error link_session_new(
    struct sealed_call *call, struct id link, struct session_proof *out, int64_t *expires_ms);

/* A proven session and what it is good for. */
struct link_session {
    struct id session;
    int64_t expires_ms;
    struct link link;
    struct message message;
};

/*
 * Proves call->session. SM_NOT_SIGNED_IN for an unknown or ended one or a wrong secret; SM_GONE
 * when link or message are over; SM_TAMPERED (reported). Outside a transaction.
 */
SM_MUST_USE enum sm_error link_session_load(struct sealed_call *call, struct link_session *out);

#endif
