/* Passwords: argon2id with a pepper, in a pool that never grows and says when it is full. */
#include "services/crypto/password.h"

#include "base/background.h"
#include "proto/limits.h"
#include "runtime/settings_table.h"
#include "tests/support/check.h"
#include "tests/support/vault.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHT span_text("correct horse battery")

static struct password_options cheap(const struct vault *vault)
{
    return (struct password_options){
        .keyring = vault->crypto.keyring, .kib = 8, .passes = 1, .workers = 2, .queue_max = 4};
}

struct fixture {
    struct vault vault;
    struct password_pool *pool;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    *state = &fixture;
    assert_ok(vault_open(&fixture.vault));
    struct password_options options = cheap(&fixture.vault);
    assert_ok(password_pool_new(&options, &fixture.pool));
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    password_pool_free(&fixture->pool);
    vault_close(&fixture->vault);
    return 0;
}

static struct buffer hash_of(struct password_pool *pool, struct span password)
{
    struct buffer stored = BUFFER(PASSWORD_HASH_BYTES_MAX);
    assert_ok(password_hash(pool, password, &stored));
    return stored;
}

static void the_right_password_matches_and_no_other(void **state)
{
    const struct fixture *fixture = *state;
    struct buffer stored DEFER(buffer_free) = hash_of(fixture->pool, RIGHT);
    struct span wrong[] = {span_text("correct horse batterz"), span_text("Correct horse battery"),
        span_text("correct horse battery "), span_text(""), span_of("correct horse battery", 22)};

    assert_ok(password_verify(fixture->pool, RIGHT, buffer_span(&stored)));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_error(
            password_verify(fixture->pool, wrong[i], buffer_span(&stored)), SM_WRONG_SECRET);
    assert_error(password_dummy(fixture->pool, RIGHT), SM_WRONG_SECRET);
}

static void one_password_has_two_forms_by_its_salt(void **state)
{
    const struct fixture *fixture = *state;
    struct buffer first DEFER(buffer_free) = hash_of(fixture->pool, RIGHT);
    struct buffer second DEFER(buffer_free) = hash_of(fixture->pool, RIGHT);
    static const char start[] = "p1$argon2id$v=19$m=8,t=1,p=1$";

    assert_false(span_equal(buffer_span(&first), buffer_span(&second)));
    assert_true(span_equals_text(span_slice(buffer_span(&first), 0, strlen(start)), start));
}

static void a_form_is_nothing_without_the_pepper(void **state)
{
    const struct fixture *fixture = *state;
    struct buffer stored DEFER(buffer_free) = hash_of(fixture->pool, RIGHT);
    struct vault stranger;
    struct password_pool *theirs DEFER(password_pool_free) = NULL;
    assert_ok(vault_open(&stranger));
    struct password_options options = cheap(&stranger);
    assert_ok(password_pool_new(&options, &theirs));

    assert_error(password_verify(theirs, RIGHT, buffer_span(&stored)), SM_WRONG_SECRET);

    password_pool_free(&theirs);
    vault_close(&stranger);
}

static void a_form_that_is_not_ours_or_costs_too_much_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    static const char rest[] = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const char *const heads[] = {
        "p1$argon2id$v=19$m=1048577,t=1,p=1$", /* memory over the ceiling */
        "p1$argon2id$v=19$m=999999999,t=1,p=1$",
        "p1$argon2id$v=19$m=8,t=17,p=1$", /* passes over the ceiling */
        "p1$argon2id$v=19$m=7,t=1,p=1$",  /* less than argon2 does */
        "p1$argon2id$v=19$m=8,t=0,p=1$",
        "p1$argon2id$v=19$m=08,t=1,p=1$", /* another spelling */
        "p1$argon2i$v=19$m=8,t=1,p=1$",
        "p2$argon2id$v=19$m=8,t=1,p=1$", /* a pepper that is not there */
        "$argon2id$v=19$m=8,t=1,p=1$",
    };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char form[200];
        (void)snprintf(form, sizeof form, "%s%s", heads[i], rest);
        assert_error(password_verify(fixture->pool, RIGHT, span_text(form)), SM_TAMPERED);
    }
    assert_error(password_verify(fixture->pool, RIGHT, span_text("")), SM_TAMPERED);
}

static void every_changed_byte_of_a_form_is_noticed(void **state)
{
    const struct fixture *fixture = *state;
    struct buffer stored DEFER(buffer_free) = hash_of(fixture->pool, RIGHT);

    for (size_t i = 0; i < stored.size; i++) {
        stored.bytes[i] ^= 1;
        enum sm_error error = password_verify(fixture->pool, RIGHT, buffer_span(&stored));
        assert_true(error == SM_TAMPERED || error == SM_WRONG_SECRET);
        stored.bytes[i] ^= 1;
    }
}

static void a_password_over_the_limit_is_refused_before_the_work(void **state)
{
    const struct fixture *fixture = *state;
    static char text[PASSWORD_BYTES_MAX + 1];
    struct buffer stored DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    memset(text, 'a', sizeof text);

    assert_ok(password_hash(fixture->pool, span_of(text, PASSWORD_BYTES_MAX), &stored));
    assert_error(
        password_hash(fixture->pool, span_of(text, PASSWORD_BYTES_MAX + 1), &stored), SM_TOO_LARGE);
}

/* --- what the setting allows --- */

static const struct setting_row *row_of(enum setting setting)
{
    for (size_t i = 0; i < settings_table_count; i++)
        if (settings_table[i].setting == setting)
            return &settings_table[i];
    return NULL;
}

static void the_pool_accepts_all_that_the_settings_allow(void **state)
{
    const struct fixture *fixture = *state;
    const struct setting_row *kib = row_of(SETTING_ARGON2_KIB);
    const struct setting_row *passes = row_of(SETTING_ARGON2_PASSES);
    const struct setting_row *queue = row_of(SETTING_ARGON2_QUEUE);
    struct password_options options = cheap(&fixture->vault);
    struct password_pool *pool DEFER(password_pool_free) = NULL;

    options.kib = (uint32_t)kib->most;
    options.passes = (uint32_t)passes->most;
    options.workers = (size_t)row_of(SETTING_ARGON2_WORKERS)->most;
    options.queue_max = (size_t)queue->most;
    assert_ok(password_pool_new(&options, &pool));
    password_pool_free(&pool);

    options.kib = (uint32_t)kib->least;
    assert_ok(password_pool_new(&options, &pool));
    password_pool_free(&pool);
    options.kib = (uint32_t)kib->most + 1;
    assert_error(password_pool_new(&options, &pool), SM_CONFIG);
}

/* --- a flood --- */

enum { FLOOD = 24 };

struct flooder {
    pthread_t thread;
    struct password_pool *pool;
    enum sm_error result;
};

static void *flood(void *context)
{
    struct flooder *flooder = context;
    flooder->result = password_dummy(flooder->pool, RIGHT);
    return NULL;
}

static void a_full_queue_says_busy_at_once_and_serves_again_afterwards(void **state)
{
    const struct fixture *fixture = *state;
    struct password_options options = cheap(&fixture->vault);
    struct password_pool *pool DEFER(password_pool_free) = NULL;
    struct flooder flooders[FLOOD];
    size_t busy = 0;
    options.kib = 32 * 1024; /* long enough for all to be there at once */
    options.passes = 4;
    options.workers = 1;
    options.queue_max = 2;
    assert_ok(password_pool_new(&options, &pool));

    for (size_t i = 0; i < FLOOD; i++) {
        flooders[i] = (struct flooder){.pool = pool};
        assert_int_equal(pthread_create(&flooders[i].thread, NULL, flood, &flooders[i]), 0);
        assert_true(password_pool_depth(pool) <= 3); /* one runs, two wait */
    }
    for (size_t i = 0; i < FLOOD; i++) {
        (void)pthread_join(flooders[i].thread, NULL);
        assert_true(flooders[i].result == SM_BUSY || flooders[i].result == SM_WRONG_SECRET);
        busy += flooders[i].result == SM_BUSY;
    }

    assert_true(busy > 0 && busy < FLOOD);
    assert_int_equal(password_pool_depth(pool), 0);
    assert_error(password_dummy(pool, RIGHT), SM_WRONG_SECRET);
}

/* Pages of memory that this process has now. */
static long resident(void)
{
    long size;
    long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &pages), 2);
    assert_int_equal(fclose(file), 0);
    return pages;
}

static void a_worker_without_work_gives_its_memory_back(void **state)
{
    struct fixture *fixture = *state;
    struct password_pool *pool DEFER(password_pool_free) = NULL;
    struct password_options options = cheap(&fixture->vault);
    enum { KIB = 64 * 1024 };
    options.kib = KIB;
    options.workers = 1;
    options.keep_ms = 3000;
    long page_kib = sysconf(_SC_PAGESIZE) / 1024;
    assert_ok(password_pool_new(&options, &pool));
    struct buffer stored DEFER(buffer_free) = hash_of(pool, RIGHT);
    long busy = resident();

    for (int i = 0; i < 1000 && busy - resident() < KIB / 2 / page_kib; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);

    assert_true(busy - resident() >= KIB / 2 / page_kib);
    assert_ok(password_verify(pool, RIGHT, buffer_span(&stored)));
}

/* A kernel before 6.12 tells no slice: 0. glibc has no name for sched_getattr here. */
static bool has_long_slice(int thread)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } attributes = {0};
    assert_int_equal(syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0), 0);
    return attributes.runtime_ns == 0 || attributes.runtime_ns == BACKGROUND_SLICE_MS * 1000000ULL;
}

/* Threads of this process that are scheduled as background work is. */
static size_t threads_in_background(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        int thread = atoi(entry->d_name);
        if (thread > 0 && sched_getscheduler(thread) == SCHED_BATCH && has_long_slice(thread))
            count++;
    }
    (void)closedir(tasks);
    return count;
}

static void who_hashes_steps_back_behind_all_others(void **state)
{
    const struct fixture *fixture = *state;
    struct password_options options = cheap(&fixture->vault);
    struct password_pool *pool;
    size_t before = threads_in_background();
    options.workers = 3;

    assert_ok(password_pool_new(&options, &pool));
    assert_int_equal(threads_in_background(), before + 3);    /* before the cage is locked */
    assert_int_not_equal(sched_getscheduler(0), SCHED_BATCH); /* and not who made it */
    password_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_matches_and_no_other),
        cmocka_unit_test(one_password_has_two_forms_by_its_salt),
        cmocka_unit_test(a_form_is_nothing_without_the_pepper),
        cmocka_unit_test(a_form_that_is_not_ours_or_costs_too_much_is_refused),
        cmocka_unit_test(every_changed_byte_of_a_form_is_noticed),
        cmocka_unit_test(a_password_over_the_limit_is_refused_before_the_work),
        cmocka_unit_test(the_pool_accepts_all_that_the_settings_allow),
        cmocka_unit_test(who_hashes_steps_back_behind_all_others),
        cmocka_unit_test(a_worker_without_work_gives_its_memory_back),
        cmocka_unit_test(a_full_queue_says_busy_at_once_and_serves_again_afterwards),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
