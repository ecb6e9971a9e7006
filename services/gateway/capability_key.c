/* The one key that the gateway needs, a public one. */
#include "services/gateway/capability_key.h"

#include "base/clock.h"
#include "envelope/kdf.h"
#include "proto/crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

enum { ASK_AGAIN_AFTER_MS = 5000, REPLY_ARENA_BYTES = 64 * 1024, PROVEN_MAX = 1024 };

/* A capability whose signature was good. Named by the hash of its text: nobody learns it from here.
 */
struct proven {
    uint8_t hash[KDF_SHA256_BYTES];
    struct capability capability;
};

struct capability_key {
    pthread_mutex_t lock;
    struct proven proven[PROVEN_MAX];
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
    if (!span_equal(
            SPAN(key->public_key), public_key)) /* what the old key proved is proven no more */
        memset(key->proven, 0, sizeof key->proven);
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

/* --- what was proven already --- */

static struct proven *slot_of(struct capability_key *key, const uint8_t *hash)
{
    size_t number = (size_t)hash[0] << 8 | hash[1];
    return &key->proven[number % PROVEN_MAX];
}

static bool is_proven(struct capability_key *key, const uint8_t hash[static KDF_SHA256_BYTES],
    enum capability_kind kind, struct capability *out)
{
    (void)pthread_mutex_lock(&key->lock);
    const struct proven *proven = slot_of(key, hash);
    bool is_known =
        memcmp(proven->hash, hash, KDF_SHA256_BYTES) == 0 && proven->capability.kind == kind;
    if (is_known)
        *out = proven->capability;
    (void)pthread_mutex_unlock(&key->lock);
    return is_known;
}

/* Unless the key is another by now. */
static void remember(struct capability_key *key, const uint8_t public_key[static KEY_BYTES],
    const uint8_t hash[static KDF_SHA256_BYTES], const struct capability *capability)
{
    (void)pthread_mutex_lock(&key->lock);
    if (memcmp(key->public_key, public_key, KEY_BYTES) == 0) {
        struct proven *proven = slot_of(key, hash);
        memcpy(proven->hash, hash, KDF_SHA256_BYTES);
        proven->capability = *capability;
    }
    (void)pthread_mutex_unlock(&key->lock);
}

/* --- proving --- */

/* Who asks for what; `hash` is of the text. */
struct asked {
    struct span text;
    enum capability_kind kind;
    uint8_t hash[KDF_SHA256_BYTES];
};

static enum sm_error check_signature(struct capability_key *key, const struct asked *asked,
    const uint8_t public_key[static KEY_BYTES], struct capability *out)
{
    struct capability_demand demand = {.public_key = public_key, .kind = asked->kind, .now_ms = 0};
    TRY(capability_verify(asked->text, &demand, out));
    remember(key, public_key, asked->hash, out);
    return SM_OK;
}

/* A key that crypto has replaced meanwhile is asked for again. */
static enum sm_error prove(struct worker *worker, const struct asked *asked, struct capability *out)
{
    struct capability_key *key = worker->gateway->capability_key;
    uint8_t public_key[KEY_BYTES];
    int64_t age_ms = 0;
    if (!recall(key, public_key, &age_ms)) {
        TRY(ask(worker));
        if (!recall(key, public_key, &age_ms))
            return SM_UNAVAILABLE;
    }
    enum sm_error error = check_signature(key, asked, public_key, out);
    if (error != SM_TAMPERED || age_ms < ASK_AGAIN_AFTER_MS || ask(worker) != SM_OK)
        return error;
    (void)recall(key, public_key, &age_ms);
    return check_signature(key, asked, public_key, out);
}

enum sm_error capability_key_verify(
    struct worker *worker, struct span text, enum capability_kind kind, struct capability *out)
{
    struct asked asked = {.text = text, .kind = kind};
    TRY(kdf_sha256(text, asked.hash));
    if (is_proven(worker->gateway->capability_key, asked.hash, kind, out))
        return SM_OK;
    return prove(worker, &asked, out);
}
