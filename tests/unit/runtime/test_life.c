/* The life of a process: no dumps, one end by signal or by a server that cannot go on. */
#include "runtime/life.h"

#include "tests/support/check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- servers without sockets --- */

struct bus_server {
    enum sm_error ends_with; /* SM_OK: serves until it is stopped */
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool is_stopped;
    int runs;
};
#define SERVER(error)                                                          \
    {                                                                          \
        (error), PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 \
    }

enum sm_error bus_server_run(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->runs++;
    while (server->ends_with == SM_OK && !server->is_stopped)
        (void)pthread_cond_wait(&server->change, &server->lock);
    (void)pthread_mutex_unlock(&server->lock);
    return server->ends_with;
}

void bus_server_stop(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->is_stopped = true;
    (void)pthread_cond_broadcast(&server->change);
    (void)pthread_mutex_unlock(&server->lock);
}

static int start(void **state)
{
    (void)state;
    return life_start(PEER_AUDIT) == SM_OK ? 0 : -1;
}

/* --- the start --- */

static void a_process_leaves_no_dump_and_cannot_be_traced(void **state)
{
    struct rlimit cores = {1, 1};
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_CORE, &cores), 0);
    assert_int_equal(cores.rlim_cur, 0);
    assert_int_equal(cores.rlim_max, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

static void *read_mask(void *mask)
{
    (void)pthread_sigmask(SIG_BLOCK, NULL, mask);
    return NULL;
}

static void every_thread_leaves_the_signals_of_the_end_to_the_main_one(void **state)
{
    pthread_t thread;
    sigset_t mask;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, read_mask, &mask), 0);
    (void)pthread_join(thread, NULL);
    assert_true(sigismember(&mask, SIGTERM));
    assert_true(sigismember(&mask, SIGINT));
}

/* --- the end --- */

static void the_signals_of_the_end_stop_every_server(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bus_server bus = SERVER(SM_OK);
        struct bus_server socket = SERVER(SM_OK);
        struct bus_server *const both[] = {&bus, &socket};
        assert_int_equal(kill(getpid(), signals[i]), 0); /* waits until it is looked for */
        assert_ok(life_wait(both, 2));
        assert_int_equal(bus.runs + socket.runs, 2);
        assert_true(bus.is_stopped && socket.is_stopped);
    }
}

static void a_server_that_cannot_go_on_ends_the_process_with_its_error(void **state)
{
    struct bus_server bus = SERVER(SM_OK);
    struct bus_server broken = SERVER(SM_NOT_ALLOWED);
    struct bus_server *const both[] = {&bus, &broken};
    (void)state;

    assert_error(life_wait(both, 2), SM_NOT_ALLOWED);
    assert_true(bus.is_stopped);
    struct bus_server alone = SERVER(SM_UNAVAILABLE);
    assert_error(life_wait((struct bus_server *const[]){&alone}, 1), SM_UNAVAILABLE);
}

static void more_servers_than_a_process_has_are_refused(void **state)
{
    struct bus_server bus = SERVER(SM_OK);
    struct bus_server *const many[] = {&bus, &bus, &bus, &bus, &bus};
    (void)state;

    assert_error(life_wait(many, 5), SM_TOO_LARGE);
    assert_int_equal(bus.runs, 0);
}

static void the_exit_status_tells_whether_it_ended_well(void **state)
{
    (void)state;
    assert_int_equal(life_end(SM_OK), 0);
    for (int error = 1; error < SM_ERROR_COUNT; error++)
        assert_int_equal(life_end((enum sm_error)error), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_leaves_no_dump_and_cannot_be_traced),
        cmocka_unit_test(every_thread_leaves_the_signals_of_the_end_to_the_main_one),
        cmocka_unit_test(the_signals_of_the_end_stop_every_server),
        cmocka_unit_test(a_server_that_cannot_go_on_ends_the_process_with_its_error),
        cmocka_unit_test(more_servers_than_a_process_has_are_refused),
        cmocka_unit_test(the_exit_status_tells_whether_it_ended_well),
    };
    (void)alarm(120);
    return cmocka_run_group_tests(tests, start, NULL);
}
