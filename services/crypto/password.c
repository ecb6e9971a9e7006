/*
 * argon2id in a fixed pool. A caller puts its job, which lives on its stack, into a bounded list
 * and sleeps until a worker has done it. Each worker keeps the memory that argon2 fills (mapping
 * and zeroing 46 MiB anew costs as much as the hash itself). argon2's allocation callback is not
 * given a context, so the worker's arena is found through a thread-local pointer: the one variable
 * at file scope, and no other thread sees it.
 */
#include "services/crypto/password.h"

#include "base/background.h"
#include "base/condition.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "base/random.h"
#include "proto/limits.h"

#include <argon2.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    SALT_BYTES = 16,
    HASH_BYTES = 32,
    WORKERS_MAX = 64,
    QUEUE_MAX = 10000,
    KIB_MIN = 8, /* argon2's own least; the setting's is higher */
    STORED_BYTES_MIN = 20,
};

/* --- the stored form --- */

struct phc {
    uint64_t pepper_version;
    uint32_t kib, passes;
    uint8_t salt[SALT_BYTES];
    uint8_t hash[HASH_BYTES];
};

/* PHC strings use base64 without padding. */
static enum sm_error append_base64(struct buffer *out, struct span bytes)
{
    TRY(base64_encode(bytes, out));
    while (out->size > 0 && out->bytes[out->size - 1] == '=')
        buffer_truncate(out, out->size - 1);
    return SM_OK;
}

static enum sm_error phc_format(const struct phc *phc, struct buffer *out)
{
    TRY(buffer_format(out, "p%llu$argon2id$v=%d$m=%u,t=%u,p=1$",
        (unsigned long long)phc->pepper_version, ARGON2_VERSION_13, phc->kib, phc->passes));
    TRY(append_base64(out, SPAN(phc->salt)));
    TRY(buffer_append_u8(out, '$'));
    return append_base64(out, SPAN(phc->hash));
}

/* What is left of a stored form while it is read. */
struct reader {
    struct span left;
};

static bool take_text(struct reader *reader, const char *text)
{
    size_t size = strlen(text);
    if (!span_equals_text(span_slice(reader->left, 0, size), text))
        return false;
    reader->left = span_slice(reader->left, size, reader->left.size);
    return true;
}

/* 1 to 9 digits without a leading zero: one spelling. */
static bool take_number(struct reader *reader, uint32_t *out)
{
    size_t size = 0;
    uint32_t value = 0;
    for (; size < reader->left.size && size < 9; size++) {
        uint8_t digit = reader->left.at[size];
        if (digit < '0' || digit > '9')
            break;
        value = value * 10 + (digit - '0');
    }
    if (size == 0 || reader->left.at[0] == '0')
        return false;
    reader->left = span_slice(reader->left, size, reader->left.size);
    *out = value;
    return true;
}

/* Exactly `size` bytes from so many letters of base64 that have no padding. */
static bool take_base64(struct reader *reader, uint8_t *out, size_t size)
{
    struct buffer padded DEFER(buffer_free) = BUFFER(64);
    struct buffer bytes DEFER(buffer_free) = BUFFER(64);
    size_t letters = (size * 4 + 2) / 3;
    if (buffer_append(&padded, span_slice(reader->left, 0, letters)) != SM_OK)
        return false;
    while (padded.size % 4 != 0)
        if (buffer_append_u8(&padded, '=') != SM_OK)
            return false;
    if (base64_decode(buffer_span(&padded), &bytes) != SM_OK || bytes.size != size)
        return false;
    memcpy(out, bytes.bytes, size);
    reader->left = span_slice(reader->left, letters, reader->left.size);
    return true;
}

/* SM_TAMPERED unless it is exactly our form, within the ceiling. */
static enum sm_error phc_parse(struct span stored, struct phc *out)
{
    struct reader reader = {stored};
    struct phc phc = {0};
    uint32_t pepper;
    bool is_ours = stored.size >= STORED_BYTES_MIN && stored.size <= PASSWORD_HASH_BYTES_MAX &&
                   take_text(&reader, "p") && take_number(&reader, &pepper) &&
                   take_text(&reader, "$argon2id$v=19$m=") && take_number(&reader, &phc.kib) &&
                   take_text(&reader, ",t=") && take_number(&reader, &phc.passes) &&
                   take_text(&reader, ",p=1$") && take_base64(&reader, phc.salt, SALT_BYTES) &&
                   take_text(&reader, "$") && take_base64(&reader, phc.hash, HASH_BYTES) &&
                   reader.left.size == 0;
    if (!is_ours || phc.kib < KIB_MIN || phc.kib > ARGON2_KIB_MAX || phc.passes > ARGON2_PASSES_MAX)
        return SM_TAMPERED;
    phc.pepper_version = pepper;
    *out = phc;
    return SM_OK;
}

/* --- the pool --- */

struct job {
    struct job *next;
    struct span password, pepper;
    struct phc *phc; /* parameters and salt in, hash out */
    enum sm_error error;
    bool is_done;
    pthread_cond_t done; /* of this one alone: others need not wake for it */
};

struct arena_memory {
    uint8_t *at;
    size_t size;
};

struct password_pool {
    struct password_options options;
    pthread_mutex_t lock;
    pthread_cond_t has_work, is_ready;
    struct job *first, **last; /* waiting, oldest first */
    size_t waiting, running, started, ready;
    bool is_stopping;
    pthread_t threads[WORKERS_MAX];
};

static _Thread_local struct arena_memory *worker_arena;

static void arena_unmap(struct arena_memory *arena)
{
    if (arena->at)
        (void)munmap(arena->at, arena->size);
    *arena = (struct arena_memory){0};
}

/* Gives the kept memory; a larger hash than ever before gets a larger mapping first. */
static int arena_allocate(uint8_t **memory, size_t bytes)
{
    struct arena_memory *arena = worker_arena;
    if (arena->size < bytes) {
        arena_unmap(arena);
        void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED)
            return ARGON2_MEMORY_ALLOCATION_ERROR;
        (void)madvise(pages, bytes, MADV_DONTDUMP);
        *arena = (struct arena_memory){pages, bytes};
    }
    *memory = arena->at;
    return ARGON2_OK;
}

/* The mapping stays for the next hash, which overwrites it, or until next_job gives it back; it is
 * never in a dump. */
static void arena_keep(uint8_t *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

/* argon2 takes pointers that are not const; it reads password, salt and secret only. */
static uint8_t *reads_only(struct span bytes)
{
    union {
        const uint8_t *constant;
        uint8_t *plain;
    } view = {.constant = bytes.at};
    return view.plain;
}

static enum sm_error hash_now(const struct job *job)
{
    struct phc *phc = job->phc;
    argon2_context context = {.out = phc->hash,
        .outlen = HASH_BYTES,
        .pwd = reads_only(job->password),
        .pwdlen = (uint32_t)job->password.size,
        .salt = phc->salt,
        .saltlen = SALT_BYTES,
        .secret = reads_only(job->pepper),
        .secretlen = (uint32_t)job->pepper.size,
        .t_cost = phc->passes,
        .m_cost = phc->kib,
        .lanes = 1,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = arena_allocate,
        .free_cbk = arena_keep,
        .flags = ARGON2_DEFAULT_FLAGS};
    int result = argon2id_ctx(&context);
    if (result == ARGON2_OK)
        return SM_OK;
    return result == ARGON2_MEMORY_ALLOCATION_ERROR
               ? SM_NO_MEMORY
               : log_failure("argon2", SM_CRYPTO, argon2_error_message(result));
}

/* Under the lock. */
static void show(const struct password_pool *pool)
{
    metric_set(METRIC_PASSWORDS_WAITING, 0, (int64_t)pool->waiting);
    metric_set(METRIC_PASSWORDS_RUNNING, 0, (int64_t)pool->running);
}

/*
 * The next job; NULL when the pool stops and nothing waits. Called with the lock held. The arena is
 * kept between jobs and given back when there are none for a while.
 */
static struct job *next_job(struct password_pool *pool, struct arena_memory *arena)
{
    struct timespec idle = condition_after_ms(pool->options.keep_ms);
    while (!pool->first && !pool->is_stopping) {
        if (!arena->at)
            (void)pthread_cond_wait(&pool->has_work, &pool->lock);
        else if (!condition_wait(&pool->has_work, &pool->lock, &idle))
            arena_unmap(arena);
    }
    struct job *job = pool->first;
    if (!job)
        return NULL;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->waiting--;
    pool->running++;
    show(pool);
    return job;
}

/*
 * A hash holds a core for tens of milliseconds, and what is woken meanwhile is an open by code, a
 * ping, a commit: they go first. Where the kernel refuses that, all still works, only slower.
 */
static void begin(struct password_pool *pool)
{
    if (background_begin() != SM_OK)
        log_line(LOG_WARNING, "passwords-not-in-background", NULL);
    (void)pthread_mutex_lock(&pool->lock);
    pool->ready++;
    (void)pthread_cond_signal(&pool->is_ready);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void *work(void *context)
{
    struct password_pool *pool = context;
    struct arena_memory arena DEFER(arena_unmap) = {0};
    struct job *job;
    worker_arena = &arena;
    begin(pool);
    (void)pthread_mutex_lock(&pool->lock);
    while ((job = next_job(pool, &arena)) != NULL) {
        (void)pthread_mutex_unlock(&pool->lock);
        enum sm_error error = hash_now(job);
        (void)pthread_mutex_lock(&pool->lock);
        job->error = error;
        job->is_done = true;
        pool->running--;
        show(pool);
        (void)pthread_cond_signal(&job->done);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    worker_arena = NULL;
    return NULL;
}

/* Waits for its turn and its end. SM_BUSY at once when too many wait. */
static enum sm_error run_job(struct password_pool *pool, struct job *job)
{
    if (job->password.size > PASSWORD_BYTES_MAX)
        return SM_TOO_LARGE;
    (void)pthread_cond_init(&job->done, NULL);
    (void)pthread_mutex_lock(&pool->lock);
    bool has_room = pool->waiting < pool->options.queue_max && !pool->is_stopping;
    if (has_room) {
        *pool->last = job;
        pool->last = &job->next;
        pool->waiting++;
        show(pool);
        (void)pthread_cond_signal(&pool->has_work);
        while (!job->is_done)
            (void)pthread_cond_wait(&job->done, &pool->lock);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    (void)pthread_cond_destroy(&job->done);
    if (!has_room)
        metric_count(METRIC_PASSWORDS_REFUSED, 0);
    return has_room ? job->error : SM_BUSY;
}

static void await_ready(struct password_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->ready < pool->started)
        (void)pthread_cond_wait(&pool->is_ready, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

enum sm_error password_pool_new(const struct password_options *options, struct password_pool **out)
{
    if (options->kib < KIB_MIN || options->kib > ARGON2_KIB_MAX || options->passes < 1 ||
        options->passes > ARGON2_PASSES_MAX || options->workers < 1 ||
        options->workers > WORKERS_MAX || options->queue_max < 1 || options->queue_max > QUEUE_MAX)
        return SM_CONFIG;
    struct password_pool *pool DEFER(password_pool_free) = calloc(1, sizeof *pool);
    if (!pool)
        return SM_NO_MEMORY;
    pool->options = *options;
    pool->last = &pool->first;
    (void)pthread_mutex_init(&pool->lock, NULL);
    condition_make(&pool->has_work);
    (void)pthread_cond_init(&pool->is_ready, NULL);
    for (; pool->started < options->workers; pool->started++)
        if (pthread_create(&pool->threads[pool->started], NULL, work, pool) != 0)
            return SM_NO_MEMORY;
    await_ready(pool); /* soon the cage lets no thread change how it is scheduled */
    *out = TAKE(pool);
    return SM_OK;
}

void password_pool_free(struct password_pool **pool)
{
    if (!*pool)
        return;
    (void)pthread_mutex_lock(&(*pool)->lock);
    (*pool)->is_stopping = true;
    (void)pthread_cond_broadcast(&(*pool)->has_work);
    (void)pthread_mutex_unlock(&(*pool)->lock);
    for (size_t i = 0; i < (*pool)->started; i++)
        (void)pthread_join((*pool)->threads[i], NULL);
    (void)pthread_cond_destroy(&(*pool)->is_ready);
    (void)pthread_cond_destroy(&(*pool)->has_work);
    (void)pthread_mutex_destroy(&(*pool)->lock);
    free(*pool);
    *pool = NULL;
}

size_t password_pool_depth(struct password_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    size_t depth = pool->waiting + pool->running;
    (void)pthread_mutex_unlock(&pool->lock);
    return depth;
}

/* --- what callers want --- */

static struct phc fresh_parameters(const struct password_pool *pool)
{
    return (struct phc){
        .pepper_version = keyring_version(pool->options.keyring, KEY_PEPPER),
        .kib = pool->options.kib,
        .passes = pool->options.passes,
    };
}

enum sm_error password_hash(struct password_pool *pool, struct span password, struct buffer *out)
{
    struct phc phc = fresh_parameters(pool);
    struct job job = {.password = password,
        .pepper = keyring_key(pool->options.keyring, KEY_PEPPER),
        .phc = &phc};
    TRY(random_bytes(phc.salt, sizeof phc.salt));
    TRY(run_job(pool, &job));
    return phc_format(&phc, out);
}

enum sm_error password_verify(struct password_pool *pool, struct span password, struct span stored)
{
    struct phc phc;
    struct job job = {.password = password, .phc = &phc};
    uint8_t expected[HASH_BYTES];
    TRY(phc_parse(stored, &phc));
    if (keyring_key_version(pool->options.keyring, KEY_PEPPER, phc.pepper_version, &job.pepper) !=
        SM_OK)
        return SM_TAMPERED;
    memcpy(expected, phc.hash, sizeof expected);
    TRY(run_job(pool, &job));
    return secret_equal(SPAN(expected), SPAN(phc.hash)) ? SM_OK : SM_WRONG_SECRET;
}

enum sm_error password_dummy(struct password_pool *pool, struct span password)
{
    struct phc phc = fresh_parameters(pool);
    struct job job = {.password = password,
        .pepper = keyring_key(pool->options.keyring, KEY_PEPPER),
        .phc = &phc};
    TRY(run_job(pool, &job));
    return SM_WRONG_SECRET;
}
