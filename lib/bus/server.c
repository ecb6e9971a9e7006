/*
 * The server: one thread owns the ROUTER; it hands requests to workers through a bounded queue and
 * takes finished replies back through another. Sockets never cross threads. A thread is woken only
 * if it sleeps, and once for all that came meanwhile: waking costs more than the call itself
 * (docs/decisions/0100-the-bus-wakes-once.md).
 */
#include "bus/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "bus/keyring.h"
#include "bus/selftest.h"
#include "bus/zap.h"
#include "bus/zap_watch.h"
#include "proto/limits.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 64,
    IDLE_MS = 500,      /* how often an idle server looks after its ZAP handler */
    DRAIN_MS = 5000,    /* what workers hold may finish within, when stopping */
    RECEIVE_BURST = 64, /* requests taken before replies get their turn */
    ARENA_BYTES = 4 * BUS_MESSAGE_BYTES_MAX,
    ENVELOPE_FRAMES = 3, /* identity, header, message */
};

/* One request on its way: received, then worked on, then answered. */
struct job {
    struct job *next;
    struct wire_message *message;
    enum peer caller;
    struct header reply_header;
    struct buffer reply;
};

struct queue {
    struct job *first, *last;
    size_t count;
};

struct bus_server {
    struct bus_server_options options;
    struct wire_context *context;
    struct zap *zap;
    struct zap_watch *watch; /* of the router's thread */
    struct wire *router;
    int wake; /* eventfd: a reply is done, or stop */
    atomic_bool is_stopping;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct queue waiting, done;
    size_t in_hand;  /* jobs that a worker holds */
    size_t idle;     /* workers that sleep */
    bool is_calling; /* one of them is being woken */
    bool is_asleep;  /* the router's thread waits: who has something for it wakes it */
    bool has_news;   /* for that thread, other than replies */
    bool is_closing; /* workers end when nothing waits */
    bool has_failed; /* a worker could not open its state */
    pthread_t threads[WORKERS_MAX];
    size_t threads_count;
};

/* --- queues --- */

static void queue_put(struct queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
    queue->count++;
}

static struct job *queue_take(struct queue *queue)
{
    struct job *job = queue->first;
    if (!job)
        return NULL;
    queue->first = job->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    return job;
}

static void job_free(struct job **job)
{
    if (!*job)
        return;
    wire_message_free(&(*job)->message);
    buffer_free(&(*job)->reply);
    memory_free(job);
}

/* The router's thread, if it sleeps. Under the lock, so that it is woken once for many replies. */
static void wake(struct bus_server *server)
{
    const uint64_t one = 1;
    if (!server->is_asleep)
        return;
    server->is_asleep = false;
    ssize_t written = write(server->wake, &one, sizeof one);
    (void)written; /* full means that it is awake already */
}

/* Something for the router's thread to look at, other than a reply. */
static void tell(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->has_news = true;
    wake(server);
    (void)pthread_mutex_unlock(&server->lock);
}

/* --- workers --- */

/*
 * Whether one more worker is to be woken, under the lock. One at a time: whoever arrives takes a
 * job and wakes the next if more wait, so a burst of short calls does not wake all for nothing.
 */
static bool is_to_call(struct bus_server *server)
{
    bool is_wanted = server->waiting.first && server->idle > 0 && !server->is_calling;
    if (is_wanted)
        server->is_calling = true;
    return is_wanted;
}

/* Without the lock, so that the woken worker does not run into it. */
static void call_if(struct bus_server *server, bool is_wanted)
{
    if (is_wanted)
        (void)pthread_cond_signal(&server->work);
}

static struct job *next_job(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    while (!server->waiting.first && !server->is_closing) {
        server->idle++;
        (void)pthread_cond_wait(&server->work, &server->lock);
        server->idle--;
        server->is_calling = false;
    }
    struct job *job = queue_take(&server->waiting);
    if (job) {
        server->in_hand++;
        metric_move(METRIC_REQUESTS_WAITING, -1); /* of all servers in this process */
    }
    bool is_wanted = is_to_call(server);
    (void)pthread_mutex_unlock(&server->lock);
    call_if(server, is_wanted);
    return job;
}

static void hand_back(struct bus_server *server, struct job *job)
{
    (void)pthread_mutex_lock(&server->lock);
    queue_put(&server->done, job);
    server->in_hand--;
    wake(server);
    (void)pthread_mutex_unlock(&server->lock);
}

/* `worker` is NULL in the router's thread. */
static void do_job(struct bus_server *server, void *worker, struct job *job)
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct bus_request request = {.caller = job->caller, .worker = worker, .arena = &arena};
    enum sm_error error = bus_dispatch(&server->options, &request, wire_frame(job->message, 1),
        wire_frame(job->message, 2), &job->reply_header, &job->reply);
    log_request_set(0);
    assert(error == SM_OK); /* the header was read before the job was made */
}

static void *work(void *context)
{
    struct bus_server *server = context;
    void *worker = NULL;
    enum sm_error error = server->options.worker_open
                              ? server->options.worker_open(server->options.service, &worker)
                              : SM_OK;
    if (error != SM_OK) {
        log_line(LOG_ERROR, "worker-cannot-start", "error", error_name(error), NULL);
        (void)pthread_mutex_lock(&server->lock);
        server->has_failed = true;
        (void)pthread_mutex_unlock(&server->lock);
        tell(server);
        return NULL;
    }
    for (struct job *job; (job = next_job(server)) != NULL;) {
        do_job(server, worker, job);
        hand_back(server, job);
    }
    if (server->options.worker_close)
        server->options.worker_close(&worker);
    return NULL;
}

/* --- the router's thread --- */

static void send_reply(struct bus_server *server, const struct job *job)
{
    uint8_t header[HEADER_BYTES];
    header_write(&job->reply_header, header);
    const struct span frames[ENVELOPE_FRAMES] = {
        wire_frame(job->message, 0), SPAN(header), buffer_span(&job->reply)};
    enum sm_error error = wire_send(server->router, frames, ENVELOPE_FRAMES);
    if (error != SM_OK) /* the caller is gone, or does not read: it asks again if it cares */
        log_line(LOG_INFO, "reply-not-taken", "peer", peer_name(job->caller), "error",
            error_name(error), NULL);
}

static void send_done(struct bus_server *server)
{
    for (;;) {
        (void)pthread_mutex_lock(&server->lock);
        struct job *job DEFER(job_free) = queue_take(&server->done);
        (void)pthread_mutex_unlock(&server->lock);
        if (!job)
            return;
        send_reply(server, job);
    }
}

/* Queues the job for a worker; false when the queue is full. */
static bool enqueue(struct bus_server *server, struct job *job)
{
    (void)pthread_mutex_lock(&server->lock);
    bool has_room = server->waiting.count < server->options.queue_max;
    if (has_room) {
        queue_put(&server->waiting, job);
        metric_move(METRIC_REQUESTS_WAITING, 1);
    }
    bool is_wanted = is_to_call(server);
    (void)pthread_mutex_unlock(&server->lock);
    call_if(server, is_wanted);
    return has_room;
}

static void refuse(
    struct bus_server *server, struct job *job, const struct header *header, enum sm_error error)
{
    job->reply_header = *header;
    job->reply_header.is_reply = true;
    job->reply_header.operation = (uint16_t)(header->operation + 1);
    job->reply_header.error = error;
    metric_count(METRIC_REQUESTS, (unsigned)error);
    send_reply(server, job);
}

/*
 * A ping has no handler, waits for nothing and touches nothing of a worker's. So a service whose
 * workers are all at work still says that it is there.
 */
static void answer_at_the_door(struct bus_server *server, struct job *job)
{
    do_job(server, NULL, job);
    send_reply(server, job);
}

/* A message from the network: unreadable ones are dropped, since no reply could be paired. */
static void take_in(struct bus_server *server, struct wire_message *message)
{
    void *memory;
    struct header header;
    if (memory_zeroed(1, sizeof(struct job), &memory) != SM_OK) {
        wire_message_free(&message);
        return;
    }
    struct job *job DEFER(job_free) = memory;
    job->message = message;
    job->reply = BUFFER(BUS_MESSAGE_BYTES_MAX);
    job->caller = peer_from_name(span_text(wire_user(message)));
    bool is_readable = wire_frames(message) == ENVELOPE_FRAMES &&
                       header_read(wire_frame(message, 1), &header) == SM_OK && !header.is_reply;
    if (!is_readable || job->caller == PEER_NONE) {
        log_line(LOG_WARNING, "bus-message-dropped", "peer", peer_name(job->caller), NULL);
        return;
    }
    if (server->is_stopping)
        refuse(server, job, &header, SM_NOT_ACTIVE); /* another replica may be */
    else if (header.operation == OP_PING)
        answer_at_the_door(server, job);
    else if (enqueue(server, job))
        job = NULL;
    else
        refuse(server, job, &header, SM_BUSY);
}

/* False when there may be more. */
static bool receive_burst(struct bus_server *server)
{
    for (int i = 0; i < RECEIVE_BURST; i++) {
        struct wire_message *message = NULL;
        enum sm_error error = wire_receive(server->router, &message);
        if (error == SM_TIMEOUT)
            return true;
        if (error == SM_OK)
            take_in(server, message);
    }
    return false;
}

static enum sm_error health(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    bool has_failed = server->has_failed;
    (void)pthread_mutex_unlock(&server->lock);
    if (has_failed)
        return SM_UNAVAILABLE;
    if (!zap_is_alive(server->zap))
        return log_failure("bus-zap-gone", SM_NOT_ALLOWED, "nobody checks keys any more");
    return zap_watch_look(server->watch, clock_monotonic_ms());
}

static bool is_idle(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    bool idle = !server->waiting.first && !server->done.first && server->in_hand == 0;
    (void)pthread_mutex_unlock(&server->lock);
    return idle;
}

/* False when there is something to do first. */
static bool lie_down(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    bool is_asleep = !server->done.first && !server->has_news;
    server->is_asleep = is_asleep;
    server->has_news = false;
    (void)pthread_mutex_unlock(&server->lock);
    return is_asleep;
}

static void get_up(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->is_asleep = false;
    (void)pthread_mutex_unlock(&server->lock);
}

static void sleep_until_something(struct bus_server *server)
{
    uint64_t count;
    if (!lie_down(server))
        return;
    bool was_woken = wire_poll(&server->router, 1, server->wake, IDLE_MS);
    get_up(server);
    ssize_t drained = was_woken ? read(server->wake, &count, sizeof count) : 0;
    (void)drained;
}

/* One turn: what is done is sent, what came is taken in; then sleep if there is nothing more. */
static void turn(struct bus_server *server)
{
    send_done(server);
    if (receive_burst(server))
        sleep_until_something(server);
}

static enum sm_error serve(struct bus_server *server)
{
    enum sm_error error = SM_OK;
    while (error == SM_OK && !server->is_stopping) {
        turn(server);
        error = health(server);
    }
    int64_t end = clock_monotonic_ms() + DRAIN_MS;
    while (!is_idle(server) && clock_monotonic_ms() < end)
        turn(server);
    return error;
}

static void close_workers(struct bus_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->is_closing = true;
    (void)pthread_cond_broadcast(&server->work);
    (void)pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < server->threads_count; i++)
        (void)pthread_join(server->threads[i], NULL);
    server->threads_count = 0;
}

enum sm_error bus_server_run(struct bus_server *server)
{
    enum sm_error error = SM_OK;
    for (size_t i = 0; i < server->options.workers && error == SM_OK; i++) {
        if (pthread_create(&server->threads[i], NULL, work, server) == 0)
            server->threads_count++;
        else
            error = SM_NO_MEMORY;
    }
    if (error == SM_OK)
        error = serve(server);
    close_workers(server);
    send_done(server);
    return error;
}

void bus_server_stop(struct bus_server *server)
{
    server->is_stopping = true;
    tell(server);
}

/* --- making --- */

/* Every row must be an operation of the catalogue that this service serves, once. */
static enum sm_error check_table(const struct bus_server_options *options)
{
    for (size_t i = 0; i < options->handlers_count; i++) {
        const struct operation_rule *rule = catalog_find((uint16_t)options->handlers[i].operation);
        bool is_good = rule && (rule->servers & (unsigned)options->self) && rule->number != OP_PING;
        for (size_t k = 0; k < i; k++)
            is_good = is_good && options->handlers[k].operation != options->handlers[i].operation;
        if (!is_good)
            return log_failure(
                "handler-table", SM_UNKNOWN_OPERATION, rule ? rule->name : "not in the catalogue");
    }
    return SM_OK;
}

/* Binds each of the comma-separated endpoints, and proves that it refuses strangers. */
static enum sm_error listen_on_all(struct bus_server *server)
{
    struct span rest = span_text(server->options.endpoints);
    while (rest.size) {
        char endpoint[WIRE_ENDPOINT_BYTES] = "";
        char bound[WIRE_ENDPOINT_BYTES] = "";
        const uint8_t *comma = memchr(rest.at, ',', rest.size);
        size_t size = comma ? (size_t)(comma - rest.at) : rest.size;
        if (size == 0 || size >= sizeof endpoint)
            return log_failure("bus-cannot-listen", SM_CONFIG, "an endpoint is empty or too long");
        memcpy(endpoint, rest.at, size);
        TRY(wire_bind(server->router, endpoint, bound));
        TRY(selftest_who_gets_in(
            server->context, server->options.keys, server->options.self, bound));
        rest = span_slice(rest, size + (comma ? 1 : 0), rest.size);
    }
    return SM_OK;
}

enum sm_error bus_server_new(const struct bus_server_options *options, struct bus_server **out)
{
    assert(options->workers >= 1 && options->workers <= WORKERS_MAX);
    TRY(check_table(options));
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct bus_server), &memory));
    struct bus_server *server DEFER(bus_server_free) = memory;
    server->options = *options;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->work, NULL);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake < 0)
        return SM_IO;
    struct wire_options wire = bus_keys_options(options->keys, WIRE_ROUTER);
    TRY(wire_context_new(&server->context));
    TRY(zap_start(server->context, options->keys, &server->zap));
    TRY(zap_watch_new(server->context, options->keys, options->self, &server->watch));
    TRY(wire_open(server->context, &wire, &server->router));
    TRY(listen_on_all(server));
    *out = TAKE(server);
    return SM_OK;
}

void bus_server_free(struct bus_server **server)
{
    enum { LAST_REPLIES_MS = 500 };
    if (!*server)
        return;
    for (struct job *job; (job = queue_take(&(*server)->waiting)) != NULL; job_free(&job))
        metric_move(METRIC_REQUESTS_WAITING, -1);
    for (struct job *job; (job = queue_take(&(*server)->done)) != NULL;)
        job_free(&job);
    if ((*server)->router)
        wire_set_linger((*server)->router, LAST_REPLIES_MS);
    wire_close(&(*server)->router);
    zap_watch_free(&(*server)->watch);
    zap_stop(&(*server)->zap);
    wire_context_free(&(*server)->context);
    if ((*server)->wake >= 0)
        (void)close((*server)->wake);
    (void)pthread_cond_destroy(&(*server)->work);
    (void)pthread_mutex_destroy(&(*server)->lock);
    memory_free(server);
}
