/* The one key that the gateway needs, a public one. */
#include "services/gateway/capability_key.h"

#include "base/clock.h"
#include "proto/crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

enum { ASK_AGAIN_AFTER_MS = 5000, REPLY_ARENA_BYTES = 64 * 1024 };

struct capability_key {
    pthread_mutex_t lock;
    bool is_known;
    int64_t learnt_ms;
    uint8_t public_key[KEY_BYTES];
};

enum sm_error capability_key_new(struct capability_key **out)
{
    struct capability_key *key = calloc(1, sizeof *key);
    if (!key)
        return SM_NO_MEMORY;
    (void)pthread_mutex_init(&key->lock, NULL);
    *out = key;
    return SM_OK;
}

void capability_key_free(struct capability_key **key)
{
    if (!*key)
        return;
    (void)pthread_mutex_destroy(&(*key)->lock);
    free(*key);
    *key = NULL;
}

void capability_key_learn(struct capability_key *key, struct span public_key)
{
    if (public_key.size != KEY_BYTES)
        return;
    (void)pthread_mutex_lock(&key->lock);
    memcpy(key->public_key, public_key.at, KEY_BYTES);
    key->is_known = true;
    key->learnt_ms = clock_monotonic_ms();
    (void)pthread_mutex_unlock(&key->lock);
}

static enum sm_error ask(struct worker *worker)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA_BYTES);
    const struct keys_request request = {0};
    struct keys_reply reply = {0};
    TRY(worker_call(worker, OP_KEYS, &request, &arena, &reply));
    capability_key_learn(worker->gateway->capability_key, reply.capability_public);
    return SM_OK;
}

/* Copies the key; false when it is not known. *age_ms says how old the knowledge is. */
static bool recall(struct capability_key *key, uint8_t out[static KEY_BYTES], int64_t *age_ms)
{
    (void)pthread_mutex_lock(&key->lock);
    bool is_known = key->is_known;
    memcpy(out, key->public_key, KEY_BYTES);
    *age_ms = clock_monotonic_ms() - key->learnt_ms;
    (void)pthread_mutex_unlock(&key->lock);
    return is_known;
}

enum sm_error capability_key_verify(
    struct worker *worker, struct span text, enum capability_kind kind, struct capability *out)
{
    struct capability_key *key = worker->gateway->capability_key;
    uint8_t public_key[KEY_BYTES];
    int64_t age_ms = 0;
    if (!recall(key, public_key, &age_ms)) {
        TRY(ask(worker));
        if (!recall(key, public_key, &age_ms))
            return SM_UNAVAILABLE;
    }
    struct capability_demand demand = {.public_key = public_key, .kind = kind, .now_ms = 0};
    enum sm_error error = capability_verify(text, &demand, out);
    if (error != SM_TAMPERED || age_ms < ASK_AGAIN_AFTER_MS || ask(worker) != SM_OK)
        return error;
    (void)recall(key, public_key, &age_ms);
    return capability_verify(text, &demand, out);
}
