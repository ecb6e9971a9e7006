/*
 * The ends of a message by its sender's will, as effects alone: who may, the event and the answer
 * are the callers' (ending.c; restored.c, which ends again what a restore brought back). Inside the
 * caller's transaction. Each leads to a state: asked again, that state is there already.
 */
#ifndef SM_CRYPTO_END_MESSAGE_H
#define SM_CRYPTO_END_MESSAGE_H

#include "services/crypto/crypto.h"

/* Key, verifiers, addresses and links are destroyed; only the name stays. Waiting mail is
 * cancelled. SM_NOT_FOUND, SM_TAMPERED. */
SM_MUST_USE enum sm_error end_delete(
    const struct worker *worker, struct arena *arena, struct id message, int64_t now_ms);

/* Closed for all recipients, and its waiting mail is cancelled. SM_GONE: it is deleted. */
SM_MUST_USE enum sm_error end_revoke(
    const struct worker *worker, struct arena *arena, struct id message);

/* The same for one recipient. SM_NOT_FOUND, SM_TAMPERED. */
SM_MUST_USE enum sm_error end_revoke_link(
    const struct worker *worker, struct arena *arena, struct id message, struct id link);

#endif
