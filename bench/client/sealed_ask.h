/*
 * A sealed request as a client makes it: sealed to crypto's key, posted through the gateway, and
 * the reply opened. Any failure ends the program.
 */
#ifndef SM_BENCH_SEALED_ASK_H
#define SM_BENCH_SEALED_ASK_H

#include "base/memory.h"
#include "bench/client/talk.h"
#include "envelope/sealed.h"
#include "proto/sealed.h"

/* What GET /api/v1/keys gave; shared by all threads. */
struct server_keys {
    uint8_t hpke_public[P256_PUBLIC_BYTES];
    uint8_t time_token[TIME_TOKEN_BYTES];
};
void server_keys_fetch(int port, struct server_keys *out);

/* A frame that can be posted later. Free both. */
struct sealed_frame {
    const char *operation;
    struct buffer frame;
    struct sealed_exchange *exchange;
};
void sealed_frame_free(struct sealed_frame *frame);

/* Seals `request`, a request struct of `operation` (its meta is filled here). */
void sealed_frame_make(const struct server_keys *keys, const char *operation,
    const struct sealed_aad *aad, void *request, struct sealed_frame *out);

/* Posts it; the outcome must be SM_OK. */
void sealed_frame_post(struct talk *talk, const struct sealed_frame *frame);

/* Opens the reply to what was posted last into `reply`, whose spans live in the arena. */
void sealed_frame_read(
    struct talk *talk, const struct sealed_frame *frame, struct arena *arena, void *reply);

/* All three. */
void sealed_ask(struct talk *talk, const struct server_keys *keys, const char *operation,
    void *request, struct arena *arena, void *reply);

#endif
