/*
 * libmicrohttpd's only user. on_access is called again and again for one request; which step it is
 * stands in struct pending. See http.h for who owns an exchange when.
 */
#include "services/gateway/http.h"

#include <microhttpd.h>

#include "base/clock.h"
#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "services/gateway/access.h"
#include "services/gateway/listen.h"
#include "services/gateway/request.h"
#include "services/gateway/security.h"
#include "services/gateway/task.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WATCH_INTERVAL_MS = 500 };

enum holder { HELD_BY_EVENT, HELD_BY_WORKER, HELD_TOO_LONG };
enum phase { PHASE_BEGIN, PHASE_HANDLER, PHASE_BODY, PHASE_END };

/* A request under way. References: one for the connection, one while a worker has it. */
struct pending {
    struct job job; /* first: a job is a pending */
    struct http *http;
    struct MHD_Connection *connection;
    struct exchange exchange;
    enum phase phase; /* of the event thread */
    enum task task;
    atomic_int references, holder;
    int64_t deadline_ms;
    struct pending *previous, *next; /* among those that workers have; under http->lock */
};

struct http {
    struct gateway *gateway;
    struct workers *calls, *transfers;
    struct MHD_Daemon *daemon;
    int listener; /* after quiesce: ours to close */
    pthread_mutex_t lock;
    pthread_cond_t stopping;
    bool is_stopping;
    struct pending *held; /* by workers */
    struct inflows *inflows;
    pthread_t watch;
    bool is_watching;
};

/* --- what a worker has, and for how long --- */

static void held_add(struct pending *pending)
{
    struct http *http = pending->http;
    (void)pthread_mutex_lock(&http->lock);
    pending->previous = NULL;
    pending->next = http->held;
    if (http->held)
        http->held->previous = pending;
    http->held = pending;
    (void)pthread_mutex_unlock(&http->lock);
}

static void held_remove(struct pending *pending)
{
    struct http *http = pending->http;
    (void)pthread_mutex_lock(&http->lock);
    if (pending->previous)
        pending->previous->next = pending->next;
    else
        http->held = pending->next;
    if (pending->next)
        pending->next->previous = pending->previous;
    (void)pthread_mutex_unlock(&http->lock);
}

static void pending_release(struct pending *pending)
{
    if (atomic_fetch_sub(&pending->references, 1) > 1)
        return;
    exchange_clear(&pending->exchange);
    free(pending);
}

/* Gives the connection back to its event thread, if `from` still has it. */
static void give_back(struct pending *pending, int to)
{
    int from = HELD_BY_WORKER;
    if (atomic_compare_exchange_strong(&pending->holder, &from, to))
        MHD_resume_connection(pending->connection);
}

static void run_job(struct job *job, struct worker *worker)
{
    struct pending *pending = (struct pending *)job;
    if (clock_monotonic_ms() <= pending->deadline_ms)
        task_do(pending->task, worker, &pending->exchange);
    else if (pending->task == TASK_REFILL)
        pending->exchange.answer.is_broken = true;
    else
        answer_error(&pending->exchange, SM_TIMEOUT);
    held_remove(pending);
    if (pending->task != TASK_SAVE)
        give_back(pending, HELD_BY_EVENT);
    pending_release(pending);
}

static enum sm_error submit(struct pending *pending, enum task task)
{
    struct http *http = pending->http;
    enum lane lane = pending->exchange.route->lane;
    pending->task = task;
    pending->job.run = run_job;
    pending->deadline_ms = clock_monotonic_ms() + EXCHANGE_TIMEOUT_MS;
    atomic_fetch_add(&pending->references, 1);
    atomic_store(&pending->holder, task == TASK_SAVE ? HELD_BY_EVENT : HELD_BY_WORKER);
    held_add(pending);
    enum sm_error error =
        workers_submit(lane == LANE_TRANSFER ? http->transfers : http->calls, &pending->job);
    if (error == SM_OK)
        return SM_OK;
    held_remove(pending);
    atomic_store(&pending->holder, HELD_BY_EVENT);
    atomic_fetch_sub(&pending->references, 1);
    return error;
}

/* Suspends and hands to a worker; when the queue is full the answer is "busy" at once. */
static void hand_over(struct pending *pending, enum task task)
{
    MHD_suspend_connection(pending->connection);
    enum sm_error error = submit(pending, task);
    if (error == SM_OK)
        return;
    if (task == TASK_REFILL)
        pending->exchange.answer.is_broken = true;
    else
        answer_error(&pending->exchange, error);
    MHD_resume_connection(pending->connection);
}

static void *watch(void *context)
{
    struct http *http = context;
    (void)pthread_mutex_lock(&http->lock);
    while (!http->is_stopping) {
        struct timespec until = condition_after_ms(WATCH_INTERVAL_MS);
        int64_t now_ms = clock_monotonic_ms();
        for (struct pending *each = http->held; each; each = each->next)
            if (now_ms > each->deadline_ms)
                give_back(each, HELD_TOO_LONG);
        inflows_wake_ended(http->inflows);
        (void)condition_wait(&http->stopping, &http->lock, &until);
    }
    (void)pthread_mutex_unlock(&http->lock);
    return NULL;
}

/* --- sending --- */

static ssize_t read_stream(void *context, uint64_t at, char *to, size_t max)
{
    struct pending *pending = context;
    size_t got = 0;
    if (atomic_load(&pending->holder) == HELD_TOO_LONG || pending->exchange.answer.is_broken)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    struct stream *stream = &pending->exchange.answer.stream;
    switch (stream->read(stream->state, at, (uint8_t *)to, max, &got)) {
    case STREAM_DATA:
        return (ssize_t)got;
    case STREAM_WAIT:
        hand_over(pending, TASK_REFILL);
        return 0;
    case STREAM_END:
        return MHD_CONTENT_READER_END_OF_STREAM;
    case STREAM_BROKEN:
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* The body lives in the exchange until the request is completed, so it need not be copied. */
static struct MHD_Response *response_of(struct pending *pending, struct answer *answer)
{
    if (answer->stream.state)
        return MHD_create_response_from_callback(
            answer->stream.size == STREAM_SIZE_UNKNOWN ? MHD_SIZE_UNKNOWN : answer->stream.size,
            TRANSFER_BLOCK_BYTES, read_stream, pending, NULL);
    struct span body = answer->fixed.size ? answer->fixed : buffer_span(&answer->body);
    return MHD_create_response_from_buffer(
        body.size, (void *)(uintptr_t)body.at, MHD_RESPMEM_PERSISTENT);
}

/* A page has a policy of its own, a hashed file another Cache-Control: then not the constant one.
 */
static bool has_own(const struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

static bool add_headers(struct MHD_Response *response, const struct answer *answer, bool is_tls)
{
    enum MHD_Result all = MHD_YES;
    for (size_t i = 0; i < security_headers_count; i++)
        if (!has_own(answer, security_headers[i].name))
            all &= MHD_add_response_header(
                response, security_headers[i].name, security_headers[i].value);
    if (is_tls)
        all &= MHD_add_response_header(response, transport_security.name, transport_security.value);
    if (answer->content_type)
        all &= MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < answer->headers_count; i++)
        all &= MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return all == MHD_YES;
}

static enum MHD_Result send_answer(struct pending *pending, struct answer *answer)
{
    struct MHD_Response *response = response_of(pending, answer);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_NO;
    if (add_headers(response, answer, pending->http->gateway->is_tls))
        result = MHD_queue_response(pending->connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* A worker still has the exchange: the answer is made without it, and the connection ends. */
static enum MHD_Result send_too_late(struct pending *pending)
{
    struct answer answer = {.status = 504,
        .content_type = "application/json",
        .fixed =
            span_text("{\"error\":\"timeout\",\"message\":\"The answer took too long. Try again;"
                      " nothing is done twice.\"}\n")};
    return send_answer(pending, &answer);
}

/* --- the steps of a request --- */

static enum MHD_Result take_block(struct pending *pending, const char *bytes, size_t *size)
{
    struct exchange *exchange = &pending->exchange;
    size_t room = exchange->body.size_max - exchange->body.size;
    size_t taken = *size < room ? *size : room;
    enum sm_error error = buffer_append(&exchange->body, span_of(bytes, taken));
    if (error != SM_OK) {
        answer_error(exchange, error);
        return MHD_YES;
    }
    *size -= taken;
    if (exchange->body.size == exchange->body.size_max && exchange->route->body == BODY_STREAMED)
        hand_over(pending, TASK_WRITE);
    return MHD_YES;
}

/* The request is complete: answer from memory, or let a worker make the answer. */
static enum MHD_Result end_of_request(struct pending *pending)
{
    struct exchange *exchange = &pending->exchange;
    if (pending->phase == PHASE_END) {
        /* A worker gave it back without an answer: only our own bug. */
        answer_error(exchange, SM_DATABASE);
        return send_answer(pending, &exchange->answer);
    }
    pending->phase = PHASE_END;
    if (exchange->route->lane != LANE_EVENT) {
        hand_over(pending, exchange->route->body == BODY_STREAMED ? TASK_FINISH : TASK_RUN);
        return MHD_YES;
    }
    enum sm_error error = exchange->route->run(NULL, exchange);
    if (error != SM_OK)
        answer_error(exchange, error);
    return send_answer(pending, &exchange->answer);
}

static enum MHD_Result go_on(struct pending *pending, const char *bytes, size_t *size)
{
    bool is_late = atomic_load(&pending->holder) == HELD_TOO_LONG;
    if (is_late || pending->exchange.answer.status) {
        if (*size) { /* the rest of a body that was refused underway: read over */
            *size = 0;
            return MHD_YES;
        }
        return is_late ? send_too_late(pending) : send_answer(pending, &pending->exchange.answer);
    }
    if (pending->phase == PHASE_HANDLER) { /* the handler has given a sink: now the body */
        pending->phase = PHASE_BODY;
        return MHD_YES;
    }
    return *size ? take_block(pending, bytes, size) : end_of_request(pending);
}

static enum MHD_Result gather(void *context, enum MHD_ValueKind kind, const char *name,
    size_t name_size, const char *value, size_t value_size)
{
    struct span name_span = span_of(name, name_size);
    struct span value_span = span_of(value, value_size);
    bool goes_on = kind == MHD_HEADER_KIND ? request_gather_header(context, name_span, value_span)
                                           : request_gather_query(context, name_span, value_span);
    return goes_on ? MHD_YES : MHD_NO;
}

static enum sm_error read_head(struct pending *pending, const char *method, const char *path)
{
    struct request_gather gathered = {.exchange = &pending->exchange};
    struct gateway *gateway = pending->http->gateway;
    TRY(request_gather_path(&gathered, path));
    (void)MHD_get_connection_values_n(pending->connection, MHD_HEADER_KIND, gather, &gathered);
    (void)MHD_get_connection_values_n(
        pending->connection, MHD_GET_ARGUMENT_KIND, gather, &gathered);
    return request_admit(&gathered, method, gateway);
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static enum MHD_Result begin(struct http *http, struct MHD_Connection *connection,
    const char *method, const char *path, void **context)
{
    struct pending *pending = calloc(1, sizeof *pending);
    if (!pending)
        return MHD_NO;
    *context = pending;
    pending->http = http;
    pending->connection = connection;
    atomic_store(&pending->references, 1);
    exchange_init(&pending->exchange);
    pending->exchange.inflow = inflow_of(http->inflows, socket_of(connection));
    enum sm_error error = read_head(pending, method, path);
    if (error != SM_OK) {
        answer_error(&pending->exchange, error);
        /* Headers that were prepared with the refusal (Allow) are in the exchange's notes. */
        if (request_note_allowed(&pending->exchange) != SM_OK)
            return MHD_NO;
        return pending->exchange.is_body_coming ? send_answer(pending, &pending->exchange.answer)
                                                : MHD_YES;
    }
    pending->phase = PHASE_BODY;
    if (pending->exchange.route->body == BODY_STREAMED) {
        pending->phase = PHASE_HANDLER;
        hand_over(pending, TASK_RUN);
    }
    return MHD_YES;
}

/* The signature is libmicrohttpd's. */
/* NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
    void **request)
{
    (void)version;
    return *request ? go_on(*request, upload_data, upload_data_size)
                    : begin(context, connection, method, url, request);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode reason)
{
    struct pending *pending = *request;
    (void)context;
    (void)connection;
    (void)reason;
    if (!pending)
        return;
    *request = NULL;
    inflow_end(&pending->exchange.inflow);
    bool is_ours = atomic_load(&pending->holder) == HELD_BY_EVENT;
    if (is_ours && pending->exchange.sink.state && pending->exchange.answer.status == 0)
        if (submit(pending, TASK_SAVE) != SM_OK)
            log_line(LOG_WARNING, "upload-tail-dropped", "cause", "the queue is full", NULL);
    pending_release(pending);
}

/* --- life --- */

static void on_panic(void *context, const char *file, unsigned line, const char *reason)
{
    (void)context;
    (void)line;
    log_line(LOG_ERROR, "http-panic", "file", file, "reason", reason ? reason : "", NULL);
    abort();
}

static void on_message(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)arguments; /* they may hold what a client sent */
    log_line(LOG_DEBUG, "http", "message", format, NULL);
}

static enum sm_error start_daemon(
    struct http *http, const struct http_options *options, struct listen_facts *facts)
{
    bool is_tls = facts->certificate.size > 0;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (is_tls ? (unsigned)MHD_USE_TLS : 0U) |
                     (facts->is_ipv6 ? (unsigned)MHD_USE_IPv6 : 0U);
    const char *certificate = NULL;
    const char *key = NULL;
    if (is_tls) {
        TRY(buffer_text(&facts->certificate, &certificate));
        TRY(buffer_text(&facts->key, &key));
    }
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    MHD_set_panic_func(on_panic, NULL);
    http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_SOCK_ADDR, facts->address,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        options->threads > 1 ? pool : &pool[1], MHD_OPTION_ARRAY, is_tls ? tls : &tls[3],
        MHD_OPTION_END);
    return http->daemon ? SM_OK : SM_CONFIG;
}

static enum sm_error start_watch(struct http *http)
{
    http->is_watching = pthread_create(&http->watch, NULL, watch, http) == 0;
    return http->is_watching ? SM_OK : SM_NO_MEMORY;
}

enum sm_error http_start(const struct http_options *options, struct http **out)
{
    struct listen_facts facts DEFER(listen_facts_free) = LISTEN_FACTS;
    TRY(listen_read(options->listen, options->certificate, options->key, &facts));
    struct http *http DEFER(http_stop) = calloc(1, sizeof *http);
    if (!http)
        return SM_NO_MEMORY;
    http->gateway = options->gateway;
    http->calls = options->calls;
    http->transfers = options->transfers;
    http->listener = -1;
    (void)pthread_mutex_init(&http->lock, NULL);
    condition_make(&http->stopping);
    TRY(inflows_new(&http->inflows));
    TRY(start_watch(http));
    if (start_daemon(http, options, &facts) != SM_OK) {
        log_line(LOG_ERROR, "http-listen", "address", options->listen, "cause",
            errno == EADDRINUSE ? "the port is in use: stop what uses it or choose another in"
                                  " SECURE_MAIL_HTTP_LISTEN"
                                : strerror(errno),
            NULL);
        return SM_CONFIG;
    }
    *out = TAKE(http);
    return SM_OK;
}

void http_quiesce(struct http *http)
{
    http->listener = MHD_quiesce_daemon(http->daemon);
}

void http_stop(struct http **http)
{
    struct http *it = *http;
    if (!it)
        return;
    if (it->daemon)
        MHD_stop_daemon(it->daemon);
    if (it->listener >= 0)
        (void)close(it->listener);
    (void)pthread_mutex_lock(&it->lock);
    it->is_stopping = true;
    (void)pthread_cond_signal(&it->stopping);
    (void)pthread_mutex_unlock(&it->lock);
    if (it->is_watching)
        (void)pthread_join(it->watch, NULL);
    inflows_free(&it->inflows);
    (void)pthread_cond_destroy(&it->stopping);
    (void)pthread_mutex_destroy(&it->lock);
    free(it);
    *http = NULL;
}
