/*
 * Crypto's public capability key, as crypto told it over the bus. Kept, so that lists and downloads
 * go on while crypto is away; asked for again when a signature does not match (a rotation), at most
 * every few seconds. A signature that was good is remembered with the key, for a list is asked for
 * again and again with the same cookie. Any thread.
 */
#ifndef SM_GATEWAY_CAPABILITY_KEY_H
#define SM_GATEWAY_CAPABILITY_KEY_H

#include "envelope/capability.h"
#include "services/gateway/gateway.h"

struct capability_key;
SM_MUST_USE enum sm_error capability_key_new(struct capability_key **out);
void capability_key_free(struct capability_key **key);

/* Takes the key from an answer of crypto. */
void capability_key_learn(struct capability_key *key, struct span public_key);

/*
 * Checks the signature and kind of a capability; its end is for the caller to judge by the
 * database's clock. SM_BAD_FORMAT, SM_TAMPERED, SM_NOT_ALLOWED (another kind), SM_UNAVAILABLE (the
 * key is not known and crypto cannot be reached).
 */
SM_MUST_USE enum sm_error capability_key_verify(
    struct worker *worker, struct span text, enum capability_kind kind, struct capability *out);

#endif
