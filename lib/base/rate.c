/*
 * A budget is one number: until when what was taken so far is spread, one interval for each. What
 * would spread it further than a minute ahead is refused.
 */
#include "base/rate.h"

#include "base/memory.h"
#include "base/random.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum { SETS = 1024, WAYS = 8, WORDS = RATE_KEY_BYTES_MAX / 4 };
#define MINUTE_US ((int64_t)60 * 1000 * 1000)

struct budget {
    uint8_t key[RATE_KEY_BYTES_MAX];
    size_t key_size;   /* 0: free */
    int64_t spread_us; /* until then, on the monotonic clock */
};

struct rate {
    pthread_mutex_t lock;
    int64_t interval_us;
    uint64_t factors[WORDS + 1]; /* random: which set a key is in */
    struct budget budgets[SETS][WAYS];
};

enum sm_error rate_new(uint32_t per_minute, struct rate **out)
{
    void *memory;
    assert(per_minute > 0);
    TRY(memory_zeroed(1, sizeof(struct rate), &memory));
    struct rate *rate DEFER(rate_free) = memory;
    (void)pthread_mutex_init(&rate->lock, NULL);
    rate->interval_us = MINUTE_US / per_minute;
    TRY(random_bytes(rate->factors, sizeof rate->factors));
    *out = TAKE(rate);
    return SM_OK;
}

void rate_free(struct rate **rate)
{
    if (!*rate)
        return;
    (void)pthread_mutex_destroy(&(*rate)->lock);
    memory_free(rate);
}

/* A sum of the key's words, each times a random factor: nobody outside can choose keys that meet.
 */
static size_t set_of(const struct rate *rate, struct span key)
{
    uint64_t sum = rate->factors[WORDS] * (key.size + 1);
    for (size_t i = 0; i * 4 < key.size; i++) {
        uint32_t word = 0;
        memcpy(&word, key.at + i * 4, key.size - i * 4 < 4 ? key.size - i * 4 : 4);
        sum += rate->factors[i] * ((uint64_t)word + 1);
    }
    return (size_t)(sum >> 32) % SETS;
}

static struct budget *budget_of(struct rate *rate, struct span key)
{
    struct budget *set = rate->budgets[set_of(rate, key)];
    struct budget *least = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key_size && span_equal(span_of(set[i].key, set[i].key_size), key))
            return &set[i];
        if (set[i].spread_us < least->spread_us)
            least = &set[i];
    }
    *least = (struct budget){.key_size = key.size};
    memcpy(least->key, key.at, key.size);
    return least;
}

static enum sm_error take(
    const struct rate *rate, struct budget *budget, int64_t now_us, int64_t *wait_ms)
{
    int64_t from_us = budget->spread_us > now_us ? budget->spread_us : now_us;
    int64_t over_us = from_us + rate->interval_us - now_us - MINUTE_US;
    if (over_us > 0) {
        *wait_ms = (over_us + 999) / 1000;
        return SM_RATE_LIMITED;
    }
    budget->spread_us = from_us + rate->interval_us;
    *wait_ms = 0;
    return SM_OK;
}

enum sm_error rate_take(struct rate *rate, struct span key, int64_t now_ms, int64_t *wait_ms)
{
    assert(key.size > 0 && key.size <= RATE_KEY_BYTES_MAX);
    (void)pthread_mutex_lock(&rate->lock);
    enum sm_error error = take(rate, budget_of(rate, key), now_ms * 1000, wait_ms);
    (void)pthread_mutex_unlock(&rate->lock);
    return error;
}
