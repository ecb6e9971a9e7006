/* Blocking sockets: a thread a connection is the simplest thing that is fast enough for 64. */
#include "bench/client/talk.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 4 * 1024 * 1024, HEAD_BYTES_MAX = 4096, READ_BYTES = 64 * 1024 };

void give_up(const char *what, const char *detail)
{
    (void)fprintf(stderr, "bench client: %s: %s\n", what, detail);
    exit(1);
}

struct talk talk_open(int port)
{
    struct sockaddr_in there = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0 || connect(made, (struct sockaddr *)&there, sizeof there) != 0)
        give_up("connect", strerror(errno));
    (void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return (struct talk){.socket = made, .in = BUFFER(ANSWER_BYTES_MAX)};
}

void talk_close(struct talk *talk)
{
    (void)close(talk->socket);
    buffer_free(&talk->in);
}

static void send_all(struct talk *talk, const struct ask *ask)
{
    char head[HEAD_BYTES_MAX];
    int size = snprintf(head, sizeof head,
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n%s\r\n", ask->method,
        ask->path, ask->body.size, ask->headers ? ask->headers : "");
    if (size < 0 || (size_t)size >= sizeof head)
        give_up("request", "its head is too long");
    struct iovec pieces[] = {{head, (size_t)size}, {0}};
    pieces[1].iov_len = ask->body.size;
    memcpy(&pieces[1].iov_base, &ask->body.at, sizeof pieces[1].iov_base); /* read only */
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    for (size_t left = (size_t)size + ask->body.size; left > 0;) {
        ssize_t sent = sendmsg(talk->socket, &message, MSG_NOSIGNAL);
        if (sent < 0)
            give_up("send", strerror(errno));
        left -= (size_t)sent;
        for (size_t gone = (size_t)sent; gone > 0;) {
            size_t part = gone < message.msg_iov->iov_len ? gone : message.msg_iov->iov_len;
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + part;
            message.msg_iov->iov_len -= part;
            gone -= part;
            if (message.msg_iov->iov_len == 0 && message.msg_iovlen > 1) {
                message.msg_iov++;
                message.msg_iovlen--;
            }
        }
    }
}

static void read_some(struct talk *talk)
{
    uint8_t *room;
    size_t before = talk->in.size;
    if (buffer_extend(&talk->in, READ_BYTES, &room) != SM_OK)
        give_up("answer", "too large");
    ssize_t got = recv(talk->socket, room, READ_BYTES, 0);
    if (got <= 0)
        give_up("receive", got == 0 ? "the connection was closed" : strerror(errno));
    talk->in.size = before + (size_t)got; /* no wipe: it is only load */
}

/* Reads the head; what came of the body with it stays behind it in `in`. Gives the body's size. */
static uint64_t read_head(struct talk *talk)
{
    const uint8_t *end = NULL;
    talk->in.size = 0;
    while (!end) {
        read_some(talk);
        end = memmem(talk->in.bytes, talk->in.size, "\r\n\r\n", 4);
    }
    talk->head = span_of(talk->in.bytes, (size_t)(end - talk->in.bytes) + 2);
    talk->status = (int)strtol((const char *)talk->in.bytes + 9, NULL, 10);
    struct span length = talk_header(talk, "\r\nContent-Length:");
    return length.size ? strtoull((const char *)length.at, NULL, 10) : 0;
}

void talk_ask(struct talk *talk, const struct ask *ask)
{
    send_all(talk, ask);
    uint64_t size = read_head(talk);
    size_t head = talk->head.size + 2;
    while (talk->in.size < head + size)
        read_some(talk);
    talk->head.at = talk->in.bytes;
    talk->body = span_of(talk->in.bytes + head, (size_t)size);
}

uint64_t talk_ask_and_drop(struct talk *talk, const struct ask *ask)
{
    send_all(talk, ask);
    uint64_t size = read_head(talk);
    uint64_t left = size - (talk->in.size - talk->head.size - 2);
    static _Thread_local uint8_t room[256 * 1024];
    while (left > 0) {
        ssize_t got = recv(talk->socket, room, left < sizeof room ? left : sizeof room, 0);
        if (got <= 0)
            give_up("receive", "the download broke off");
        left -= (uint64_t)got;
    }
    return size;
}

struct span talk_header(const struct talk *talk, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i + size < talk->head.size; i++) {
        if (strncasecmp((const char *)talk->head.at + i, name, size) != 0)
            continue;
        size_t from = i + size;
        while (talk->head.at[from] == ' ')
            from++;
        const uint8_t *end = memchr(talk->head.at + from, '\r', talk->head.size - from);
        return span_of(talk->head.at + from, (size_t)(end - talk->head.at) - from);
    }
    return (struct span){0};
}

void talk_expect(const struct talk *talk, int status, const char *what)
{
    char detail[400];
    if (talk->status == status)
        return;
    (void)snprintf(detail, sizeof detail, "status %d: %.*s %.*s", talk->status,
        (int)(talk->head.size < 200 ? talk->head.size : 200), (const char *)talk->head.at,
        (int)(talk->body.size < 100 ? talk->body.size : 100), (const char *)talk->body.at);
    give_up(what, detail);
}
