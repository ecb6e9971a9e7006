/*
 * Sessions of an organisation's users. Signing in gives two halves: a session secret that only the
 * user's page and crypto know (here as an HMAC, bound to session, account and expiry), and a
 * cookie, a capability of kind session with which the gateway may list metadata. The cookie's token
 * is the session's id; when a session ends before its time the gateway learns it through the feed.
 */
#ifndef SM_CRYPTO_USER_SESSION_H
#define SM_CRYPTO_USER_SESSION_H

#include "services/crypto/sealed_call.h"

/*
 * Proves `proof` and fills call->user. SM_NOT_SIGNED_IN for an unknown, ended or expired session
 * and for a wrong secret; SM_NOT_ALLOWED when the user has none of `roles`; SM_TAMPERED when the
 * account's row was altered.
 */
SM_MUST_USE enum sm_error session_prove(
    struct sealed_call *call, const struct session_proof *proof, unsigned roles);

/*
 * For what is released after something was waited for: SM_NOT_SIGNED_IN when the call's session has
 * ended since it was proven, by signing out, by its account's end or by a right that was taken
 * away.
 */
SM_MUST_USE enum sm_error session_still(const struct sealed_call *call);

/* A fresh cookie for call->user into the effects, unless the operation has set one. */
SM_MUST_USE enum sm_error session_cookie(struct sealed_call *call);

#endif
