/*
 * A secret is owned bytes of a fixed size: kept out of core dumps, locked where the limit allows
 * (RLIMIT_MEMLOCK; where it does not, that is logged once and counted), wiped on free, compared
 * only in constant time. No log or format function takes one.
 */
#ifndef SM_BASE_SECRET_H
#define SM_BASE_SECRET_H

#include "base/error.h"
#include "base/span.h"

struct secret;

/* A secret of `size` bytes, zeroed; the caller owns *out and frees it with secret_free. */
SM_MUST_USE enum sm_error secret_new(size_t size, struct secret **out);
SM_MUST_USE enum sm_error secret_copy(struct span bytes, struct secret **out);
SM_MUST_USE enum sm_error secret_random(size_t size, struct secret **out);
void secret_free(struct secret **secret);

/* The bytes, to be filled by whoever derives them. They live as long as the secret. */
uint8_t *secret_bytes(struct secret *secret);
struct span secret_span(const struct secret *secret);

/* Tells, the first time, and counts: memory of secrets could not be locked. */
void secret_not_locked(void);

/* Constant in time for equal sizes. */
bool secret_equal(struct span a, struct span b);

/* Wipes a buffer on the stack: `uint8_t key[32] = {0}; DEFER_WIPE(key);` */
struct wipe {
    void *at;
    size_t size;
};
void wipe_now(struct wipe *wipe);
#define DEFER_WIPE(array) \
    __attribute__((cleanup(wipe_now), unused)) struct wipe wipe_##array = {(array), sizeof(array)}

#endif
