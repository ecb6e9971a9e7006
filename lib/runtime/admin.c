/*
 * A connection reads its first line, is given its answer, writes it, and then reads on until the
 * peer closes: closing with unread bytes would reset the connection and lose the answer. Each step
 * is what poll allows; the deadline ends any of them.
 */
#include "runtime/admin.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    PEERS_MAX = 8,
    LINE_BYTES_MAX = 1024,
    ANSWER_BYTES_MAX = 64 * 1024,
    DEADLINE_MS = 2000,
    BACKLOG = 16,
    REST_MS = 100, /* when nobody can be taken in */
};

enum stage { STAGE_READING, STAGE_WRITING, STAGE_DRAINING };

struct peer_slot {
    int socket; /* -1: free */
    enum stage stage;
    int64_t end_ms;
    char line[LINE_BYTES_MAX];
    size_t line_bytes;
    struct buffer answer;
    size_t written;
};

struct admin {
    struct admin_options options;
    int listener, wake;
    atomic_bool is_stopping;
    bool is_started;
    pthread_t thread;
    struct peer_slot peers[PEERS_MAX];
};

/* --- answers --- */

typedef enum sm_error answer_fn(const struct admin *admin, struct buffer *body, bool *is_good);

static enum sm_error answer_live(const struct admin *admin, struct buffer *body, bool *is_good)
{
    (void)admin;
    *is_good = true;
    return buffer_append_text(body, "alive\n");
}

static enum sm_error answer_ready(const struct admin *admin, struct buffer *body, bool *is_good)
{
    *is_good = admin->options.is_ready(admin->options.context, body);
    return *is_good ? buffer_append_text(body, "ready\n") : SM_OK;
}

/* Ready is what /readyz says now: what the last look said may be old, when a look hangs. */
static enum sm_error answer_metrics(const struct admin *admin, struct buffer *body, bool *is_good)
{
    struct buffer reasons DEFER(buffer_free) = BUFFER(ANSWER_BYTES_MAX);
    metric_set(METRIC_READY, 0, admin->options.is_ready(admin->options.context, &reasons));
    *is_good = true;
    return metric_print(admin->options.service, body);
}

static const struct {
    const char *line;
    answer_fn *answer;
} lines[] = {
    {"GET /livez HTTP/1.", answer_live},
    {"GET /readyz HTTP/1.", answer_ready},
    {"GET /metrics HTTP/1.", answer_metrics},
};

/* `line` is without its end. The minor version is one digit. */
static answer_fn *answer_of(struct span line)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t size = strlen(lines[i].line);
        if (line.size == size + 1 && memcmp(line.at, lines[i].line, size) == 0 &&
            (line.at[size] == '0' || line.at[size] == '1'))
            return lines[i].answer;
    }
    return NULL;
}

static enum sm_error compose(const struct admin *admin, struct span line, struct buffer *out)
{
    struct buffer body DEFER(buffer_free) = BUFFER(ANSWER_BYTES_MAX);
    bool is_good = false;
    answer_fn *answer = answer_of(line);
    if (answer)
        TRY(answer(admin, &body, &is_good));
    else
        TRY(buffer_append_text(&body, "There is /livez, /readyz and /metrics.\n"));
    const char *status = !answer ? "404 Not Found" : is_good ? "200 OK" : "503 Service Unavailable";
    TRY(buffer_format(out,
        "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        status, body.size));
    return buffer_append(out, buffer_span(&body));
}

/* --- one connection --- */

static void hang_up(struct peer_slot *peer)
{
    if (peer->socket >= 0)
        (void)close(peer->socket);
    peer->socket = -1;
    buffer_free(&peer->answer);
}

/* The first line without "\r\n" or "\n"; false when its end has not come yet. */
static bool whole_line(const struct peer_slot *peer, struct span *out)
{
    const char *end = memchr(peer->line, '\n', peer->line_bytes);
    if (!end)
        return false;
    size_t size = (size_t)(end - peer->line);
    if (size > 0 && peer->line[size - 1] == '\r')
        size--;
    *out = span_of(peer->line, size);
    return true;
}

static void read_line(const struct admin *admin, struct peer_slot *peer)
{
    struct span line;
    ssize_t got = recv(peer->socket, peer->line + peer->line_bytes,
        sizeof peer->line - peer->line_bytes, MSG_DONTWAIT);
    if (got > 0)
        peer->line_bytes += (size_t)got;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        hang_up(peer);
        return;
    }
    bool is_whole = whole_line(peer, &line);
    if (!is_whole && peer->line_bytes < sizeof peer->line)
        return;
    peer->answer = BUFFER(ANSWER_BYTES_MAX + LINE_BYTES_MAX);
    if (compose(admin, is_whole ? line : span_of(NULL, 0), &peer->answer) == SM_OK)
        peer->stage = STAGE_WRITING;
    else
        hang_up(peer);
}

static void write_answer(struct peer_slot *peer)
{
    ssize_t sent = send(peer->socket, peer->answer.bytes + peer->written,
        peer->answer.size - peer->written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        hang_up(peer);
        return;
    }
    peer->written += sent > 0 ? (size_t)sent : 0;
    if (peer->written < peer->answer.size)
        return;
    (void)shutdown(peer->socket, SHUT_WR);
    peer->stage = STAGE_DRAINING;
}

static void drain(struct peer_slot *peer)
{
    ssize_t got = recv(peer->socket, peer->line, sizeof peer->line, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        hang_up(peer);
}

static void go_on(const struct admin *admin, struct peer_slot *peer, short events)
{
    if (clock_monotonic_ms() >= peer->end_ms)
        hang_up(peer);
    else if (events && peer->stage == STAGE_READING)
        read_line(admin, peer);
    else if (events && peer->stage == STAGE_WRITING)
        write_answer(peer);
    else if (events)
        drain(peer);
}

/* --- the thread --- */

static struct peer_slot *free_slot(struct admin *admin)
{
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (admin->peers[i].socket < 0)
            return &admin->peers[i];
    return NULL;
}

static void take_in(struct admin *admin)
{
    struct peer_slot *slot = free_slot(admin);
    int socket = slot ? accept4(admin->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
    if (socket < 0) {
        if (slot && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            (void)poll(NULL, 0, REST_MS); /* out of descriptors: who waits is there at once again */
        return;
    }
    *slot = (struct peer_slot){
        .socket = socket, .end_ms = clock_monotonic_ms() + admin->options.deadline_ms};
}

/* Until the first deadline; a full house leaves newcomers in the backlog until then. */
static int patience_ms(const struct admin *admin)
{
    int64_t first = INT64_MAX;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (admin->peers[i].socket >= 0 && admin->peers[i].end_ms < first)
            first = admin->peers[i].end_ms;
    if (first == INT64_MAX)
        return -1;
    return first > now ? (int)(first - now) : 0;
}

static void turn(struct admin *admin)
{
    enum { LISTENER = PEERS_MAX, WAKE, PLACES };
    struct pollfd places[PLACES];
    for (size_t i = 0; i < PEERS_MAX; i++)
        places[i] = (struct pollfd){.fd = admin->peers[i].socket,
            .events = admin->peers[i].stage == STAGE_WRITING ? POLLOUT : POLLIN};
    places[LISTENER] =
        (struct pollfd){.fd = free_slot(admin) ? admin->listener : -1, .events = POLLIN};
    places[WAKE] = (struct pollfd){.fd = admin->wake, .events = POLLIN};
    if (poll(places, PLACES, patience_ms(admin)) < 0)
        return;
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (admin->peers[i].socket >= 0)
            go_on(admin, &admin->peers[i], places[i].revents);
    if (places[LISTENER].revents)
        take_in(admin);
}

static void *serve(void *context)
{
    struct admin *admin = context;
    while (!atomic_load(&admin->is_stopping))
        turn(admin);
    return NULL;
}

/* --- life --- */

static enum sm_error fault(const char *listen, const char *cause)
{
    log_line(LOG_ERROR, "admin-listen", "address", listen, "cause", cause, "remedy",
        "SECURE_MAIL_ADMIN_LISTEN is address:port, e.g. 127.0.0.1:9300, or empty", NULL);
    return SM_CONFIG;
}

static enum sm_error bind_listener(struct admin *admin)
{
    const int yes = 1;
    struct address address;
    const char *listen_at = admin->options.listen;
    if (address_read(listen_at, &address) != SM_OK)
        return fault(listen_at, "it is not understood");
    admin->listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (admin->listener < 0 ||
        setsockopt(admin->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(admin->listener, &address.any, address.size) != 0 ||
        listen(admin->listener, BACKLOG) != 0)
        return fault(listen_at, strerrordesc_np(errno));
    return SM_OK;
}

enum sm_error admin_start(const struct admin_options *options, struct admin **out)
{
    struct admin *admin DEFER(admin_stop) = calloc(1, sizeof *admin);
    if (!admin)
        return SM_NO_MEMORY;
    admin->options = *options;
    if (admin->options.deadline_ms == 0)
        admin->options.deadline_ms = DEADLINE_MS;
    for (size_t i = 0; i < PEERS_MAX; i++)
        admin->peers[i].socket = -1;
    admin->listener = -1;
    admin->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (admin->wake < 0)
        return SM_IO;
    TRY(bind_listener(admin));
    if (pthread_create(&admin->thread, NULL, serve, admin) != 0)
        return SM_NO_MEMORY;
    admin->is_started = true;
    *out = TAKE(admin);
    return SM_OK;
}

void admin_stop(struct admin **admin)
{
    const uint64_t one = 1;
    struct admin *stopped = *admin;
    if (!stopped)
        return;
    atomic_store(&stopped->is_stopping, true);
    if (stopped->is_started && write(stopped->wake, &one, sizeof one) == sizeof one)
        (void)pthread_join(stopped->thread, NULL);
    for (size_t i = 0; i < PEERS_MAX; i++)
        hang_up(&stopped->peers[i]);
    if (stopped->listener >= 0)
        (void)close(stopped->listener);
    if (stopped->wake >= 0)
        (void)close(stopped->wake);
    memory_free(admin);
}

uint16_t admin_port(const struct admin *admin)
{
    struct address address = {.size = sizeof address.ip6};
    if (getsockname(admin->listener, &address.any, &address.size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.ip6.sin6_port : address.ip4.sin_port);
}
