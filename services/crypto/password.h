/*
 * Passwords with argon2id (RFC 9106) in a fixed pool: W threads, each with an arena that is kept
 * while there is work (argon2's allocate_cbk), and a bounded queue. A full queue answers SM_BUSY at
 * once, so a flood of guesses slows neither codes nor pings. The pepper is argon2's secret input.
 * Stored form: the PHC string "$argon2id$v=19$m=..,t=..,p=1$salt$hash" with the pepper's version in
 * front: "p1" || PHC.
 */
#ifndef SM_CRYPTO_PASSWORD_H
#define SM_CRYPTO_PASSWORD_H

#include "base/buffer.h"
#include "services/crypto/keyring.h"

struct password_pool;
struct password_options {
    const struct keyring *keyring;
    uint32_t kib, passes; /* memory and passes of new hashes */
    size_t workers, queue_max;
    int64_t keep_ms; /* how long a worker without work keeps its arena */
};
enum { PASSWORD_HASH_BYTES_MAX = 160 };

SM_MUST_USE enum sm_error password_pool_new(
    const struct password_options *options, struct password_pool **out);
void password_pool_free(struct password_pool **pool);

/* Appends the stored form of `password` with a fresh salt. Waits for a worker. SM_BUSY. */
SM_MUST_USE enum sm_error password_hash(
    struct password_pool *pool, struct span password, struct buffer *out);

/*
 * SM_OK when it matches, SM_WRONG_SECRET when not, SM_BUSY, SM_TAMPERED for a stored form that is
 * not ours or costs more than the ceiling. Same time for every wrong password.
 */
SM_MUST_USE enum sm_error password_verify(
    struct password_pool *pool, struct span password, struct span stored);

/* The same work without an account or link behind it: what "unknown" costs. SM_WRONG_SECRET,
 * SM_BUSY. */
SM_MUST_USE enum sm_error password_dummy(struct password_pool *pool, struct span password);

/* How many hashes wait or run now. */
size_t password_pool_depth(struct password_pool *pool);

#endif
