/* Stand-in peers on the real bus, the gateway around them, and a plain HTTP client. */
#include "tests/support/web.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "bus/server.h"
#include "proto/limits.h"
#include "proto/retention.h"
#include "services/gateway/capability_key.h"
#include "services/gateway/closed.h"
#include "services/gateway/inflow.h"
#include "services/gateway/kept_lists.h"
#include "services/gateway/http.h"
#include "services/gateway/projector.h"
#include "services/gateway/visitors.h"
#include "store/store_files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { PEERS = 4, ANSWER_TIMEOUT_S = 20 };

/* The seed that the stand-in of crypto signs with. */
static const uint8_t seed[32] = {7, 7, 7};

struct stand_in {
    struct bus_keys *keys;
    struct bus_server *server;
    pthread_t thread;
    bool is_running;
    char endpoint[80];
};
struct web_parts {
    char folder[64];
    struct settings *settings;
    struct bus_keys *keys;
    struct stand_in peers[PEERS];
    struct workers *calls, *transfers;
    struct visitors *visitors;
    struct http *http;
};

/* --- what the peers say --- */

static enum sm_error public_of_seed(uint8_t out[static 32])
{
    size_t size = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    bool is_good = key && EVP_PKEY_get_raw_public_key(key, out, &size) == 1;
    EVP_PKEY_free(key);
    return is_good ? SM_OK : SM_CRYPTO;
}

static enum sm_error say_keys(struct bus_request *request, const void *message, void *reply)
{
    struct keys_reply *keys = reply;
    void *room;
    (void)message;
    TRY(arena_take(request->arena, 1, 512, &room));
    uint8_t *bytes = room;
    TRY(public_of_seed(bytes));
    *keys = (struct keys_reply){
        .identity_public = span_of(bytes + 64, PUBLIC_KEY_BYTES),
        .kid = span_of(bytes + 64, HPKE_KID_BYTES),
        .hpke_public = span_of(bytes + 64, PUBLIC_KEY_BYTES),
        .not_before_ms = 1,
        .not_after_ms = 2,
        .signature = span_of(bytes + 64, SIGNATURE_BYTES),
        .capability_public = span_of(bytes, KEY_BYTES),
        .time_token = span_of(bytes + 64, TIME_TOKEN_BYTES),
        .now_ms = 3,
    };
    return SM_OK;
}

static enum sm_error say_carry(struct bus_request *request, const void *message, void *reply)
{
    struct web *web = request->worker;
    const struct carry_request *carried = message;
    (void)snprintf(web->operation, sizeof web->operation, "%.*s", SPAN_PRINT(carried->operation));
    atomic_fetch_add(&web->carried, 1);
    *(struct carry_reply *)reply = web->carry;
    return web->carry_error;
}

/* Items are numbered by their place: tx 1, id 1.. */
static enum sm_error say_feed(struct bus_request *request, const void *message, void *reply)
{
    struct web *web = request->worker;
    const struct feed_request *asked = message;
    size_t count = atomic_load(&web->items_count);
    size_t from = asked->after_id < count ? (size_t)asked->after_id : count;
    ((struct feed_reply *)reply)->items = (struct list){&web->items[from], count - from};
    return SM_OK;
}

static enum sm_error say_known(struct bus_request *request, const void *message, void *reply)
{
    struct web *web = request->worker;
    const struct known_request *asked = message;
    void *room;
    TRY(arena_take(request->arena, asked->messages.count, sizeof(struct known_item), &room));
    struct known_item *items = room;
    for (size_t i = 0; i < asked->messages.count; i++)
        items[i] = (struct known_item){
            *LIST_AT(struct id, asked->messages, i), atomic_load(&web->is_known)};
    ((struct known_reply *)reply)->messages = (struct list){items, asked->messages.count};
    return SM_OK;
}

static enum sm_error say_deliveries(struct bus_request *request, const void *message, void *reply)
{
    struct web *web = request->worker;
    const struct delivery_feed_request *asked = message;
    size_t count = atomic_load(&web->deliveries_count);
    size_t from = asked->after_id < count ? (size_t)asked->after_id : count;
    ((struct delivery_feed_reply *)reply)->deliveries =
        (struct list){&web->deliveries[from], count - from};
    return SM_OK;
}

static enum sm_error say_purge(struct bus_request *request, const void *message, void *reply)
{
    struct web *web = request->worker;
    (void)message;
    atomic_fetch_add(&web->purged, 1);
    ((struct purge_reply *)reply)->is_purged = true;
    return SM_OK;
}

/* A page begins with a line that has its number behind it, and goes on with dots. */
static enum sm_error say_export(struct bus_request *request, const void *message, void *reply)
{
    static const char line[] = "{\"a line of the log\":true}\n";
    struct web *web = request->worker;
    const struct export_request *asked = message;
    struct export_reply *answer = reply;
    int fails = atomic_load(&web->export_fails);
    size_t size = atomic_load(&web->export_bytes);
    void *room;
    atomic_fetch_add(&web->exported, 1);
    (void)usleep((useconds_t)atomic_load(&web->export_ms) * 1000);
    if (fails && asked->from_seq + 1 >= (uint64_t)fails)
        return SM_TAMPERED;
    answer->lines = span_of(line, sizeof line - 1);
    if (size) {
        TRY(arena_take(request->arena, 1, size, &room));
        memset(room, '.', size);
        (void)snprintf(room, size, "%s%llu", line, (unsigned long long)asked->from_seq);
        answer->lines = span_of(room, size);
    }
    answer->next_seq = asked->from_seq + 1;
    answer->to_seq = 99;
    answer->is_last = answer->next_seq >= (uint64_t)atomic_load(&web->export_pages);
    return SM_OK;
}

static enum sm_error say_checkpoint(struct bus_request *request, const void *message, void *reply)
{
    (void)request;
    (void)message;
    ((struct checkpoint_reply *)reply)->note = span_text("origin\n1\nroot\n");
    return SM_OK;
}

static enum sm_error say_query(struct bus_request *request, const void *message, void *reply)
{
    (void)request;
    (void)message;
    ((struct query_reply *)reply)->size = 5;
    return SM_OK;
}

static enum sm_error say_sweep(struct bus_request *request, const void *message, void *out)
{
    struct sweep_status_reply *reply = out;
    (void)request;
    (void)message;
    *reply = (struct sweep_status_reply){.last_sweep_ms = 1795507980000, .purged = 3};
    return SM_OK;
}

/* clang-format off */
static const struct bus_handler crypto_says[] = {
    {OP_KEYS, say_keys}, {OP_CARRY, say_carry}, {OP_FEED, say_feed}, {OP_KNOWN, say_known}};
static const struct bus_handler notifier_says[] = {{OP_DELIVERY_FEED, say_deliveries}};
static const struct bus_handler retention_says[] = {
    {OP_PURGE, say_purge}, {OP_SWEEP_STATUS, say_sweep}};
static const struct bus_handler audit_says[] = {
    {OP_QUERY, say_query}, {OP_EXPORT, say_export}, {OP_CHECKPOINT, say_checkpoint}};
#define SAYS(table) (table), sizeof(table) / sizeof((table)[0])
static const struct {
    enum peer peer;
    const char *setting;
    const struct bus_handler *handlers;
    size_t count;
} peers[PEERS] = {
    {PEER_CRYPTO,    "SECURE_MAIL_CRYPTO",    SAYS(crypto_says)},
    {PEER_NOTIFIER,  "SECURE_MAIL_NOTIFIER",  SAYS(notifier_says)},
    {PEER_RETENTION, "SECURE_MAIL_RETENTION", SAYS(retention_says)},
    {PEER_AUDIT,     "SECURE_MAIL_AUDIT",     SAYS(audit_says)},
};
/* clang-format on */

/* --- starting --- */

static enum sm_error worker_open(void *service, void **out)
{
    *out = service;
    return SM_OK;
}

static void worker_close_nothing(void **worker)
{
    *worker = NULL;
}

static void *serve(void *context)
{
    struct stand_in *peer = context;
    enum sm_error error = bus_server_run(peer->server);
    if (error != SM_OK)
        log_line(LOG_ERROR, "stand-in", "error", error_name(error), NULL);
    return NULL;
}

static enum sm_error start_peer(struct web *web, size_t index)
{
    struct stand_in *peer = &web->parts->peers[index];
    char folder[sizeof web->parts->folder];
    memcpy(folder, web->parts->folder, sizeof folder);
    (void)snprintf(peer->endpoint, sizeof peer->endpoint, "ipc://%s/bus-%zu", folder, index);
    TRY(bus_keys_load(web->parts->folder, peers[index].peer, &peer->keys));
    const struct bus_server_options options = {
        .self = peers[index].peer,
        .keys = peer->keys,
        .endpoints = peer->endpoint,
        .handlers = peers[index].handlers,
        .handlers_count = peers[index].count,
        .workers = 2,
        .queue_max = 100,
        .service = web,
        .worker_open = worker_open,
        .worker_close = worker_close_nothing,
    };
    TRY(bus_server_new(&options, &peer->server));
    peer->is_running = pthread_create(&peer->thread, NULL, serve, peer) == 0;
    (void)setenv(peers[index].setting, peer->endpoint, 1);
    return SM_OK;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_good = bind(probe, (struct sockaddr *)&address, size) == 0 &&
                   getsockname(probe, (struct sockaddr *)&address, &size) == 0;
    (void)close(probe);
    return is_good ? ntohs(address.sin_port) : 0;
}

static enum sm_error start_gateway(struct web *web)
{
    struct web_parts *parts = web->parts;
    char listen[32];
    web->port = free_port();
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)web->port);
    web->gateway =
        (struct gateway){.is_enabled = true, .settings = parts->settings, .bus_keys = parts->keys};
    TRY(store_files_open(parts->folder, &web->gateway.store));
    TRY(closed_set_new(&web->gateway.closed));
    TRY(inflows_new(&web->gateway.inflows));
    TRY(kept_lists_new(&web->gateway.lists));
    TRY(capability_key_new(&web->gateway.capability_key));
    TRY(projector_start(&web->gateway, &web->gateway.projector));
    const struct visitors_options visitors = {.trusted_proxies = "", .connections_max = 1000};
    TRY(visitors_new(&visitors, &parts->visitors));
    const struct workers_options pool = {&web->gateway, 4, 64};
    TRY(workers_start(&pool, &parts->calls));
    TRY(workers_start(&pool, &parts->transfers));
    const struct http_options options = {.gateway = &web->gateway,
        .visitors = parts->visitors,
        .calls = parts->calls,
        .transfers = parts->transfers,
        .listen = listen,
        .certificate = "",
        .key = "",
        .threads = 2};
    return http_start(&options, &parts->http);
}

static void stop_gateway(struct web *web)
{
    struct web_parts *parts = web->parts;
    if (parts->http)
        http_quiesce(parts->http);
    if (parts->calls)
        workers_end(parts->calls);
    if (parts->transfers)
        workers_end(parts->transfers);
    http_stop(&parts->http);
    workers_free(&parts->calls);
    workers_free(&parts->transfers);
    visitors_free(&parts->visitors);
    projector_stop(&web->gateway.projector);
    capability_key_free(&web->gateway.capability_key);
    inflows_free(&web->gateway.inflows);
    kept_lists_free(&web->gateway.lists);
    closed_set_free(&web->gateway.closed);
    store_close(&web->gateway.store);
}

static enum sm_error start_all(struct web *web)
{
    struct web_parts *parts = web->parts;
    (void)snprintf(parts->folder, sizeof parts->folder, "/tmp/sm-web-XXXXXX");
    if (!mkdtemp(parts->folder))
        return SM_IO;
    TRY(database_new(&web->database));
    struct database_conninfo conninfo = database_conninfo(web->database, "sm_gateway");
    TRY(db_open(conninfo.text, &web->db));
    TRY(bus_keys_make(parts->folder));
    TRY(bus_keys_load(parts->folder, PEER_GATEWAY, &parts->keys));
    for (size_t i = 0; i < PEERS; i++)
        TRY(start_peer(web, i));
    (void)setenv("SECURE_MAIL_DATABASE", conninfo.text, 1);
    (void)setenv("SECURE_MAIL_KEYS_DIR", parts->folder, 1);
    TRY(settings_load(PEER_GATEWAY, &parts->settings));
    return start_gateway(web);
}

enum sm_error web_start(struct web *web)
{
    void *parts = NULL;
    memset(web, 0, sizeof *web);
    log_start("test", LOG_ERROR);
    TRY(memory_zeroed(1, sizeof *web->parts, &parts));
    web->parts = parts;
    return start_all(web);
}

enum sm_error web_restart(struct web *web)
{
    stop_gateway(web);
    return start_gateway(web);
}

void web_stop(struct web *web)
{
    char command[128];
    stop_gateway(web);
    for (size_t i = 0; i < PEERS; i++) {
        struct stand_in *peer = &web->parts->peers[i];
        if (peer->is_running) {
            bus_server_stop(peer->server);
            (void)pthread_join(peer->thread, NULL);
        }
        bus_server_free(&peer->server);
        bus_keys_free(&peer->keys);
    }
    settings_free(&web->parts->settings);
    bus_keys_free(&web->parts->keys);
    db_close(&web->db);
    database_free(&web->database);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", web->parts->folder);
    if (system(command) != 0)
        log_line(LOG_WARNING, "web-stop", "left", web->parts->folder, NULL);
    free(web->parts);
}

struct web_capability web_capability(const struct capability *wanted)
{
    struct web_capability out = {{0}};
    struct buffer text DEFER(buffer_free) = BUFFER(CAPABILITY_TEXT_BYTES);
    struct capability capability = *wanted;
    if (capability.expires_ms == 0)
        capability.expires_ms = (uint64_t)clock_wall_ms() + 600000;
    if (capability_sign(SPAN(seed), &capability, &text) == SM_OK)
        memcpy(out.text, text.bytes, text.size);
    return out;
}

/* --- asking --- */

void web_answer_free(struct web_answer *answer)
{
    buffer_free(&answer->head);
    buffer_free(&answer->body);
}

int web_connect(const struct web *web)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons(web->port),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = ANSWER_TIMEOUT_S};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(connection);
        return -1;
    }
    return connection;
}

static void close_connection(int *connection)
{
    if (*connection >= 0)
        (void)close(*connection);
}

/* The server may answer and close before it has read all: that is no failure of the test. */
static void send_all(int connection, struct span bytes)
{
    while (bytes.size) {
        ssize_t sent = send(connection, bytes.at, bytes.size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = span_slice(bytes, (size_t)sent, bytes.size);
    }
}

static enum sm_error read_all(int connection, struct buffer *out)
{
    uint8_t block[64 * 1024];
    for (;;) {
        ssize_t got = recv(connection, block, sizeof block, 0);
        if (got < 0 && errno != ECONNRESET)
            return SM_TIMEOUT;
        if (got <= 0)
            return SM_OK;
        TRY(buffer_append(out, span_of(block, (size_t)got)));
    }
}

enum sm_error web_raw(const struct web *web, struct span bytes, struct buffer *out)
{
    int connection DEFER(close_connection) = web_connect(web);
    if (connection < 0)
        return SM_UNAVAILABLE;
    send_all(connection, bytes);
    return read_all(connection, out);
}

/* Chunked bodies are put together, so tests see the content. */
static enum sm_error take_body(struct web_answer *answer, struct span raw)
{
    if (!span_equals_text(web_header(answer, "Transfer-Encoding"), "chunked"))
        return buffer_append(&answer->body, raw);
    while (raw.size) {
        char *end = NULL;
        unsigned long size = strtoul((const char *)raw.at, &end, 16);
        size_t head = (size_t)((const uint8_t *)end - raw.at) + 2;
        if (size == 0)
            return SM_OK;
        TRY(buffer_append(&answer->body, span_slice(raw, head, size)));
        raw = span_slice(raw, head + size + 2, raw.size);
    }
    return SM_BAD_FORMAT; /* no last chunk: it was cut */
}

static enum sm_error take_answer(struct buffer *raw, struct web_answer *out)
{
    const char *text = NULL;
    TRY(buffer_append_u8(raw, '\0'));
    text = (const char *)raw->bytes;
    const char *end = strstr(text, "\r\n\r\n");
    if (!end || strncmp(text, "HTTP/1.1 ", 9) != 0)
        return SM_BAD_FORMAT;
    size_t head_size = (size_t)(end - text) + 2;
    out->status = (unsigned)strtoul(text + 9, NULL, 10);
    TRY(buffer_append(&out->head, span_of(text, head_size)));
    return take_body(out, span_of(raw->bytes + head_size + 2, raw->size - 1 - head_size - 2));
}

enum sm_error web_ask(const struct web *web, const char *line, const char *headers,
    const struct span *body, struct web_answer *out)
{
    struct buffer request DEFER(buffer_free) = BUFFER(128 * 1024 * 1024);
    struct buffer raw DEFER(buffer_free) = BUFFER(128 * 1024 * 1024);
    *out = WEB_ANSWER;
    TRY(buffer_format(
        &request, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", line, headers));
    if (body)
        TRY(buffer_format(&request, "Content-Length: %zu\r\n", body->size));
    TRY(buffer_append_text(&request, "\r\n"));
    if (body)
        TRY(buffer_append(&request, *body));
    TRY(web_raw(web, buffer_span(&request), &raw));
    return take_answer(&raw, out);
}

struct span web_header(const struct web_answer *answer, const char *name)
{
    size_t size = strlen(name);
    const char *at = (const char *)answer->head.bytes;
    const char *end = at + answer->head.size;
    while (at < end) {
        const char *line_end = memchr(at, '\r', (size_t)(end - at));
        if (!line_end)
            break;
        if ((size_t)(line_end - at) > size + 2 && strncasecmp(at, name, size) == 0 &&
            at[size] == ':')
            return span_of(at + size + 2, (size_t)(line_end - at) - size - 2);
        at = line_end + 2;
    }
    return (struct span){0};
}
