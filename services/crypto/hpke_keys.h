/*
 * The keys that clients seal requests to. One is offered for a day (HPKE_KEY_S) and opens for an
 * hour more; then it is destroyed, in vault and in memory, and recorded requests stay closed. The
 * identity key signs each. All replicas share them through vault, where the private half is wrapped
 * under the key-encryption key; whoever first finds that the newest is past half its time makes the
 * next, under a lock.
 *
 * Safe to use from all worker threads. The caller's `db` is used outside a transaction.
 */
#ifndef SM_CRYPTO_HPKE_KEYS_H
#define SM_CRYPTO_HPKE_KEYS_H

#include "envelope/identity.h"
#include "services/crypto/keyring.h"

struct hpke_keys;

/* Makes the object only; keys are read and made when they are needed. `keyring` must outlive it. */
SM_MUST_USE enum sm_error hpke_keys_new(const struct keyring *keyring, struct hpke_keys **out);
void hpke_keys_free(struct hpke_keys **keys);

/* The identity's public key, 65 bytes; it lives as long as `keys`. */
const uint8_t *hpke_keys_identity(const struct hpke_keys *keys);

/* The key to offer now, signed. */
SM_MUST_USE enum sm_error hpke_keys_offer(
    struct hpke_keys *keys, struct db *db, int64_t now_ms, struct identity_statement *out);

/*
 * Makes a new key ahead of its time, in the caller's transaction; after its commit hpke_keys_renew
 * offers it here at once, and other replicas within half a minute. Older keys open until their end.
 */
SM_MUST_USE enum sm_error hpke_keys_make(struct hpke_keys *keys, struct db *db, int64_t now_ms);
SM_MUST_USE enum sm_error hpke_keys_renew(struct hpke_keys *keys, struct db *db);

/* Which request is opened, and when. */
struct hpke_request {
    const char *operation;
    struct span frame;
    int64_t now_ms;
};

/*
 * Opens a sealed request with the key that it names: appends the plaintext, gives the exchange for
 * the reply. SM_KEY_UNKNOWN when no live key has that id, else the errors of sealed_request_open.
 */
SM_MUST_USE enum sm_error hpke_keys_open(struct hpke_keys *keys, struct db *db,
    const struct hpke_request *request, struct buffer *plaintext,
    struct sealed_exchange **exchange);

#endif
