/* The things that workers do, and turning their errors into answers. */
#include "services/gateway/task.h"

#include "base/log.h"
#include "base/random.h"
#include "services/gateway/access.h"

static enum sm_error run(struct worker *worker, struct exchange *exchange)
{
    TRY(access_prove(worker, exchange));
    TRY(exchange->route->run(worker, exchange));
    bool is_going_on = exchange->route->body == BODY_STREAMED && exchange->sink.state;
    if (exchange->answer.status || is_going_on)
        return SM_OK;
    return log_failure("handler-without-answer", SM_DATABASE, exchange->route->path);
}

static enum sm_error write_block(struct worker *worker, struct exchange *exchange)
{
    enum sm_error error =
        exchange->sink.write(exchange->sink.state, worker, buffer_span(&exchange->body));
    exchange->body.size = 0; /* kept for the next block; ciphertext need not be wiped fifty times */
    return error;
}

static enum sm_error finish(struct worker *worker, struct exchange *exchange)
{
    TRY(write_block(worker, exchange));
    TRY(exchange->sink.finish(exchange->sink.state, worker, exchange));
    exchange->sink.free(&exchange->sink.state);
    return SM_OK;
}

static enum sm_error save(struct worker *worker, struct exchange *exchange)
{
    enum sm_error error = write_block(worker, exchange);
    exchange->sink.free(&exchange->sink.state);
    return error;
}

static enum sm_error refill(struct worker *worker, struct exchange *exchange)
{
    struct stream *stream = &exchange->answer.stream;
    exchange->answer.is_refilled = stream->refill(stream->state, worker) == SM_OK;
    return SM_OK;
}

static enum sm_error (*const tasks[TASK_COUNT])(struct worker *, struct exchange *) = {
    [TASK_RUN] = run,
    [TASK_WRITE] = write_block,
    [TASK_FINISH] = finish,
    [TASK_SAVE] = save,
    [TASK_REFILL] = refill,
    [TASK_AHEAD] = refill,
};

void task_do(enum task task, struct worker *worker, struct exchange *exchange)
{
    if (exchange->request == 0 &&
        random_bytes(&exchange->request, sizeof exchange->request) == SM_OK)
        exchange->request &= INT64_MAX; /* as a column holds it */
    log_request_set(exchange->request);
    enum sm_error error = tasks[task](worker, exchange);
    if (error != SM_OK && exchange->sink.state)
        exchange->sink.free(&exchange->sink.state);
    if (error != SM_OK)
        answer_error(exchange, error);
    if (task == TASK_RUN)
        log_line(LOG_DEBUG, "request", "route", exchange->route ? exchange->route->path : "-",
            "outcome", error_name(error), NULL);
    log_request_set(0);
}
