/*
 * Raw argon2id with our parameters, the memory kept by each worker.
 * Usage: argon2 KIB PASSES WORKERS SECONDS
 */
#include "bench/limit/limit.h"

#include <argon2.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { WORKERS_MAX = 32, SALT = 16, HASH = 32 };

struct worker {
    unsigned kib, passes;
    double seconds;
    long count;
    pthread_t thread;
};

static _Thread_local void *arena;

static int take(uint8_t **memory, size_t bytes)
{
    if (!arena)
        arena = mmap(
            NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    *memory = arena;
    return arena == MAP_FAILED;
}

static void keep(uint8_t *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

static void hash(const struct worker *worker)
{
    uint8_t out[HASH];
    uint8_t salt[SALT] = {1};
    uint8_t password[] = "correct-horse-battery";
    argon2_context context = {.out = out,
        .outlen = sizeof out,
        .pwd = password,
        .pwdlen = sizeof password - 1,
        .salt = salt,
        .saltlen = sizeof salt,
        .t_cost = worker->passes,
        .m_cost = worker->kib,
        .lanes = 1,
        .threads = 1,
        .version = ARGON2_VERSION_13,
        .allocate_cbk = take,
        .free_cbk = keep};
    if (argon2id_ctx(&context) != ARGON2_OK)
        limit_fail("argon2id");
}

static void *work(void *context)
{
    struct worker *worker = context;
    hash(worker);
    for (double begun = limit_now(); limit_now() - begun < worker->seconds; worker->count++)
        hash(worker);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct worker workers[WORKERS_MAX];
    long count = 0;
    if (argc != 5)
        limit_fail("usage: argon2 KIB PASSES WORKERS SECONDS");
    unsigned long number = strtoul(argv[3], NULL, 10);
    if (number > WORKERS_MAX)
        limit_fail("too many workers");
    for (size_t i = 0; i < number; i++) {
        workers[i] = (struct worker){.kib = (unsigned)strtoul(argv[1], NULL, 10),
            .passes = (unsigned)strtoul(argv[2], NULL, 10),
            .seconds = strtod(argv[4], NULL)};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            limit_fail("no thread");
    }
    for (size_t i = 0; i < number; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        count += workers[i].count;
    }
    limit_say((double)count / strtod(argv[4], NULL));
    return 0;
}
