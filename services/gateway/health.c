/*
 * Health for orchestrators. /livez: the process runs and its event threads answer. /readyz: it can
 * do its work, asked of the database, of crypto and of the object store; what is missing is named,
 * nothing else is told.
 */
#include "services/gateway/handlers.h"

#include "proto/crypto.h"

static const char alive[] = "{\"status\":\"ok\"}\n";

enum sm_error on_livez(struct worker *worker, struct exchange *exchange)
{
    (void)worker;
    exchange->answer.fixed = span_of(alive, sizeof alive - 1);
    answer_json(exchange, 200);
    return SM_OK;
}

static enum sm_error database_answers(struct worker *worker)
{
    struct db *db = NULL;
    int64_t now_ms = 0;
    TRY(worker_db(worker, &db));
    return db_now_ms(db, &now_ms);
}

static enum sm_error crypto_answers(struct worker *worker)
{
    struct arena arena DEFER(arena_free) = ARENA(4096);
    const struct keys_request request = {0};
    struct keys_reply reply = {0};
    return worker_call(worker, OP_KEYS, &request, &arena, &reply);
}

enum sm_error on_readyz(struct worker *worker, struct exchange *exchange)
{
    if (database_answers(worker) != SM_OK)
        return exchange_refuse(exchange, SM_UNAVAILABLE, "The database cannot be reached.");
    if (crypto_answers(worker) != SM_OK)
        return exchange_refuse(exchange, SM_UNAVAILABLE, "Crypto cannot be reached.");
    if (store_check(worker->gateway->store) != SM_OK)
        return exchange_refuse(
            exchange, SM_UNAVAILABLE, "The object store does not answer, or refuses.");
    return on_livez(worker, exchange);
}
