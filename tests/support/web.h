/*
 * The gateway in this process, on a real port, with a real database and object store; its peers are
 * stand-ins on the real bus that say what the test tells them. For tests of the HTTP surface: the
 * real peers are in tests/system.
 */
#ifndef SM_TESTS_SUPPORT_WEB_H
#define SM_TESTS_SUPPORT_WEB_H

#include "base/buffer.h"
#include "envelope/capability.h"
#include "proto/audit.h"
#include "proto/crypto.h"
#include "proto/notify.h"
#include "services/gateway/gateway.h"
#include "tests/support/database.h"

#include <stdatomic.h>

enum { WEB_ITEMS_MAX = 32, WEB_FRAME_BYTES_MAX = 256 * 1024 };

struct web {
    /* What the stand-ins say; a test sets it before it asks. */
    struct carry_reply carry;  /* of crypto */
    enum sm_error carry_error; /* on the bus instead */
    struct feed_item items[WEB_ITEMS_MAX];
    atomic_size_t items_count;
    struct delivery deliveries[WEB_ITEMS_MAX];
    atomic_size_t deliveries_count;
    atomic_bool is_known;       /* crypto's answer about drafts */
    atomic_int export_pages;    /* of the log */
    atomic_int export_fails;    /* from the page of this number, from 1; 0: never */
    atomic_int export_ms;       /* how long audit takes for a page */
    atomic_size_t export_bytes; /* of a page; 0: those of one line */
    /* What they were asked. */
    atomic_int carried, purged, exported;
    char operation[64];

    struct gateway gateway;
    struct database *database;
    struct db *db; /* as sm_gateway */
    uint16_t port;
    struct web_parts *parts;
};

SM_MUST_USE enum sm_error web_start(struct web *web);
void web_stop(struct web *web);
/* Ends the gateway without a word to anybody and starts it anew on the same data. */
SM_MUST_USE enum sm_error web_restart(struct web *web);

/* A capability signed as crypto would; kind, message and what else the test sets in *wanted. */
struct web_capability {
    char text[CAPABILITY_TEXT_BYTES + 1];
};
struct web_capability web_capability(const struct capability *wanted);

/* --- asking --- */
struct web_answer {
    unsigned status;
    struct buffer head, body;
};
#define WEB_ANSWER \
    ((struct web_answer){.head = BUFFER(64 * 1024), .body = BUFFER(128 * 1024 * 1024)})
void web_answer_free(struct web_answer *answer);
/* The value of a header of the answer, empty when it is not there. */
struct span web_header(const struct web_answer *answer, const char *name);

/*
 * Sends "<line> HTTP/1.1", Host, the given header lines ("Name: value\r\n"...; may be empty), and,
 * when `body` is not NULL, Content-Length and the body. Reads the whole answer.
 */
SM_MUST_USE enum sm_error web_ask(const struct web *web, const char *line, const char *headers,
    const struct span *body, struct web_answer *out);
/* Sends raw bytes and reads until the server closes; what came is in out->body. */
SM_MUST_USE enum sm_error web_raw(const struct web *web, struct span bytes, struct buffer *out);
/* A connection of one's own. */
int web_connect(const struct web *web);

#endif
