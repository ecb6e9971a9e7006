/*
 * Raw libpq on the suite's own cluster, prepared statements, tables of its own (schema bench).
 * Usage: database CONNINFO WHAT CLIENTS SECONDS
 *   send    one transaction shaped like a send: a message, a recipient, a row for the log
 *   select  one row by its key
 *   chain   rows that each hold the hash of the one before, 256 a commit, pipelined
 */
#include "bench/limit/limit.h"

#include <libpq-fe.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

enum {
    CLIENTS_MAX = 64,
    ID = 16,
    MESSAGE = 400,
    RECIPIENT = 200,
    ROW = 300,
    HASH = 32,
    GROUP = 256
};

/* A bytea parameter of each statement at most: id, id, bytes. */
struct values {
    const char *at[4];
    int sizes[4], formats[4];
};

static void check(PGresult *result, const PGconn *connection)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        limit_fail(PQerrorMessage(connection));
    PQclear(result);
}

static void command(PGconn *connection, const char *sql)
{
    check(PQexec(connection, sql), connection);
}

static PGconn *connect_to(const char *conninfo)
{
    PGconn *connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK)
        limit_fail(PQerrorMessage(connection));
    command(connection, "SET client_min_messages = warning");
    return connection;
}

static void prepare(PGconn *connection)
{
    static const char *const statements[][2] = {
        {"message", "INSERT INTO bench.message VALUES ($1::bytea, $2::bytea)"},
        {"recipient", "INSERT INTO bench.recipient VALUES ($1::bytea, $2::bytea, $3::bytea)"},
        {"row", "INSERT INTO bench.row (event, body) VALUES ($1::bytea, $2::bytea)"},
        {"link",
            "INSERT INTO bench.chain (event, body, hash) VALUES ($1::bytea, $2::bytea, $3::bytea)"},
        {"find", "SELECT body FROM bench.message WHERE message = $1::bytea"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        check(PQprepare(connection, statements[i][0], statements[i][1], 0, NULL), connection);
}

static void make_tables(const char *conninfo)
{
    PGconn *connection = connect_to(conninfo);
    command(connection, "CREATE SCHEMA IF NOT EXISTS bench");
    command(connection,
        "CREATE TABLE IF NOT EXISTS bench.message (message bytea PRIMARY KEY, body bytea)");
    command(connection,
        "CREATE TABLE IF NOT EXISTS bench.recipient (link bytea PRIMARY KEY, message bytea, body bytea)");
    command(connection,
        "CREATE TABLE IF NOT EXISTS bench.row (id bigserial PRIMARY KEY, event bytea UNIQUE, body bytea)");
    command(connection,
        "CREATE TABLE IF NOT EXISTS bench.chain (id bigserial PRIMARY KEY, event bytea UNIQUE, body bytea, hash bytea)");
    PQfinish(connection);
}

static struct values values_of(size_t count, const unsigned char *const *at, const int *sizes)
{
    struct values values = {{0}, {0}, {0}};
    for (size_t i = 0; i < count; i++) {
        values.at[i] = (const char *)at[i];
        values.sizes[i] = sizes[i];
        values.formats[i] = 1;
    }
    return values;
}

static void run(PGconn *connection, const char *name, int count, const struct values *values)
{
    check(PQexecPrepared(connection, name, count, values->at, values->sizes, values->formats, 1),
        connection);
}

/* --- what is measured --- */

struct client {
    const char *conninfo, *what;
    double seconds;
    PGconn *connection;
    unsigned char known[ID]; /* a message that is there */
    unsigned char last[HASH];
    long count;
    pthread_barrier_t *start;
    pthread_t thread;
};

static void send_once(struct client *client)
{
    unsigned char message[ID], link[ID], bytes[MESSAGE] = {0};
    (void)RAND_bytes(message, ID);
    (void)RAND_bytes(link, ID);
    const unsigned char *parts[] = {message, bytes};
    const unsigned char *of_recipient[] = {link, message, bytes};
    const unsigned char *of_row[] = {link, bytes};
    struct values first = values_of(2, parts, (const int[]){ID, MESSAGE});
    struct values second = values_of(3, of_recipient, (const int[]){ID, ID, RECIPIENT});
    struct values third = values_of(2, of_row, (const int[]){ID, ROW});
    command(client->connection, "BEGIN");
    run(client->connection, "message", 2, &first);
    run(client->connection, "recipient", 3, &second);
    run(client->connection, "row", 2, &third);
    command(client->connection, "COMMIT");
    memcpy(client->known, message, ID);
    client->count++;
}

static void select_once(struct client *client)
{
    const unsigned char *key[] = {client->known};
    struct values values = values_of(1, key, (const int[]){ID});
    run(client->connection, "find", 1, &values);
    client->count++;
}

static void queue(PGconn *connection, const char *name, int count, const struct values *values)
{
    if (PQsendQueryPrepared(connection, name, count, values ? values->at : NULL,
            values ? values->sizes : NULL, values ? values->formats : NULL, 1) != 1)
        limit_fail(PQerrorMessage(connection));
}

static void queue_row(struct client *client)
{
    unsigned char event[ID], body[ROW] = {0};
    unsigned size = HASH;
    (void)RAND_bytes(event, ID);
    memcpy(body, client->last, HASH);
    (void)EVP_Digest(body, ROW, client->last, &size, EVP_sha256(), NULL);
    const unsigned char *parts[] = {event, body, client->last};
    struct values values = values_of(3, parts, (const int[]){ID, ROW, HASH});
    queue(client->connection, "link", 3, &values);
}

static void finish_pipeline(PGconn *connection)
{
    if (PQpipelineSync(connection) != 1)
        limit_fail(PQerrorMessage(connection));
    for (;;) {
        PGresult *result = PQgetResult(connection);
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return;
        if (result && status != PGRES_COMMAND_OK)
            limit_fail(PQerrorMessage(connection));
    }
}

/* A pipeline is one transaction. */
static void chain_once(struct client *client)
{
    if (PQenterPipelineMode(client->connection) != 1)
        limit_fail("no pipeline");
    for (int i = 0; i < GROUP; i++)
        queue_row(client);
    finish_pipeline(client->connection);
    (void)PQexitPipelineMode(client->connection);
    client->count += GROUP;
}

/* --- clients --- */

static const struct {
    const char *name;
    void (*once)(struct client *client);
} whats[] = {{"send", send_once}, {"select", select_once}, {"chain", chain_once}};

static void *work(void *context)
{
    struct client *client = context;
    void (*once)(struct client *) = NULL;
    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++)
        if (strcmp(client->what, whats[i].name) == 0)
            once = whats[i].once;
    if (!once)
        limit_fail("no such measurement");
    client->connection = connect_to(client->conninfo);
    prepare(client->connection);
    send_once(client);
    client->count = 0;
    (void)pthread_barrier_wait(client->start);
    for (double begun = limit_now(); limit_now() - begun < client->seconds;)
        once(client);
    PQfinish(client->connection);
    return NULL;
}

int main(int argc, char **argv)
{
    static struct client clients[CLIENTS_MAX];
    pthread_barrier_t start;
    long count = 0;
    if (argc != 5)
        limit_fail("usage: database CONNINFO send|select|chain CLIENTS SECONDS");
    unsigned long number = strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    if (number > CLIENTS_MAX || pthread_barrier_init(&start, NULL, (unsigned)number) != 0)
        limit_fail("too many clients");
    make_tables(argv[1]);
    for (size_t i = 0; i < number; i++) {
        clients[i] = (struct client){
            .conninfo = argv[1], .what = argv[2], .seconds = seconds, .start = &start};
        if (pthread_create(&clients[i].thread, NULL, work, &clients[i]) != 0)
            limit_fail("no thread");
    }
    for (size_t i = 0; i < number; i++) {
        (void)pthread_join(clients[i].thread, NULL);
        count += clients[i].count;
    }
    limit_say((double)count / seconds);
    return 0;
}
