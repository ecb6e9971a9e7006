/* The pool behind the web server: in order, bounded, counted, and nothing that was taken is left.
 */
#include "services/gateway/workers.h"

#include "base/metric.h"
#include "tests/support/check.h"

#include <semaphore.h>
#include <unistd.h>

enum { JOBS = 5, QUEUE_MAX = 3 };

struct order {
    struct job job; /* first: it is found by it */
    size_t place;
};

static struct order orders[JOBS];
static size_t done[JOBS], done_count; /* by the only thread of the pool */
static sem_t has_begun, may_go_on;

static void run(struct job *job, struct worker *worker)
{
    (void)worker;
    (void)sem_post(&has_begun);
    (void)sem_wait(&may_go_on);
    done[done_count++] = ((struct order *)(void *)job)->place;
}

static enum sm_error submit(struct workers *workers, size_t place)
{
    orders[place] = (struct order){.job = {.run = run}, .place = place};
    return workers_submit(workers, &orders[place].job);
}

static int64_t waiting(void)
{
    return metric_value(METRIC_HTTP_WAITING, 0);
}

static void run_at_once(struct job *job, struct worker *worker)
{
    (void)job;
    (void)worker;
    (void)sem_post(&has_begun);
}

/* What goes through another pool leaves the count of this one's as it is. */
static void use_another_pool(void)
{
    const struct workers_options options = {.threads = 1, .queue_max = QUEUE_MAX};
    struct workers *other = NULL;
    struct job job = {.run = run_at_once};
    assert_ok(workers_start(&options, &other));
    assert_ok(workers_submit(other, &job));
    (void)sem_wait(&has_begun);
    workers_free(&other);
}

static void what_waits_is_counted_bounded_and_run_in_order(void **state)
{
    const struct workers_options options = {.threads = 1, .queue_max = QUEUE_MAX};
    struct workers *workers = NULL;
    (void)state;
    assert_int_equal(sem_init(&has_begun, 0, 0), 0);
    assert_int_equal(sem_init(&may_go_on, 0, 0), 0);
    assert_ok(workers_start(&options, &workers));

    assert_ok(submit(workers, 0));
    (void)sem_wait(&has_begun);
    assert_int_equal(waiting(), 0); /* it is worked on */
    for (size_t i = 1; i <= QUEUE_MAX; i++) {
        assert_ok(submit(workers, i));
        assert_int_equal(waiting(), i);
    }
    assert_error(submit(workers, QUEUE_MAX + 1), SM_BUSY);
    use_another_pool();
    assert_int_equal(waiting(), QUEUE_MAX);

    (void)sem_post(&may_go_on);
    (void)sem_wait(&has_begun);
    assert_int_equal(waiting(), QUEUE_MAX - 1);
    for (size_t i = 0; i < QUEUE_MAX; i++)
        (void)sem_post(&may_go_on);
    workers_end(workers); /* runs what is queued */
    assert_int_equal(waiting(), 0);
    assert_int_equal(done_count, QUEUE_MAX + 1);
    for (size_t i = 0; i < done_count; i++)
        assert_int_equal(done[i], i);

    assert_error(submit(workers, 0), SM_BUSY); /* after the end */
    workers_free(&workers);
    assert_null(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_counted_bounded_and_run_in_order),
    };
    (void)alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
