/*
 * The load client's HTTP: one kept connection, one request at a time, as few instructions as it
 * takes, so that what is measured is the other side. Not a client for anybody else: any surprise
 * ends the program.
 */
#ifndef SM_BENCH_TALK_H
#define SM_BENCH_TALK_H

#include "base/buffer.h"

/* Says what went wrong and ends the program: a figure of something else is worse than none. */
_Noreturn void give_up(const char *what, const char *detail);

struct talk {
    int socket;
    struct buffer in; /* the answer as it came */
    struct span head, body;
    int status;
};

/* Connects to a port of 127.0.0.1. */
struct talk talk_open(int port);
void talk_close(struct talk *talk);

struct ask {
    const char *method, *path;
    const char *headers; /* whole lines, each with its CRLF; "" */
    struct span body;
};

/* Sends and waits for the whole answer; head and body live until the next one. */
void talk_ask(struct talk *talk, const struct ask *ask);

/* The same, and the body is read and dropped; returns its bytes. For large ones. */
uint64_t talk_ask_and_drop(struct talk *talk, const struct ask *ask);

/* The value of a header of the last answer; empty when it has none. `name` with its colon. */
struct span talk_header(const struct talk *talk, const char *name);

/* Ends the program unless the last answer has this status. */
void talk_expect(const struct talk *talk, int status, const char *what);

#endif
