/*
 * One HTTP request and its answer, without any library in it: handlers read the request here and
 * put their answer here, and tests make one by hand. http*.c fill it from the wire and send it.
 *
 * Ownership moves, nothing is locked: an exchange belongs either to its event thread or, while the
 * connection is suspended, to one worker. Everything it points to is its own copy and lives as long
 * as it does.
 */
#ifndef SM_GATEWAY_EXCHANGE_H
#define SM_GATEWAY_EXCHANGE_H

#include "base/buffer.h"
#include "envelope/capability.h"
#include "services/gateway/gateway.h"
#include "services/gateway/inflow.h"

struct db_rows;
struct exchange;
struct route;

/* The only request headers that are looked at. A second one of the same name is refused; only of
 * X-Forwarded-For the last counts, for a proxy may add a line to those that a client made up. */
enum request_header {
    HEADER_CAPABILITY,        /* Secure-Mail-Capability */
    HEADER_REQUESTED,         /* Secure-Mail-Request: a page of ours asks, no foreign form */
    HEADER_COOKIE,            /* Cookie */
    HEADER_HOST,              /* Host: only to choose the cookie's name */
    HEADER_ORIGIN,            /* Origin: the same */
    HEADER_FETCH_SITE,        /* Sec-Fetch-Site */
    HEADER_CONTENT_LENGTH,    /* Content-Length */
    HEADER_CONTENT_TYPE,      /* Content-Type */
    HEADER_TRANSFER_ENCODING, /* Transfer-Encoding: refused */
    HEADER_RANGE,             /* Range */
    HEADER_TUS_RESUMABLE,     /* Tus-Resumable */
    HEADER_UPLOAD_LENGTH,     /* Upload-Length */
    HEADER_UPLOAD_OFFSET,     /* Upload-Offset */
    HEADER_UPLOAD_METADATA,   /* Upload-Metadata */
    HEADER_ACCEPT_ENCODING,   /* Accept-Encoding */
    HEADER_IF_NONE_MATCH,     /* If-None-Match */
    HEADER_CONTENT_ENCODING,  /* Content-Encoding: refused; nothing that comes in is decompressed */
    HEADER_FORWARDED_FOR,     /* X-Forwarded-For: the last one, which our proxy wrote */
    HEADER_COUNT
};
extern const char *const request_header_names[HEADER_COUNT];

/* The only query parameters; any other is refused. */
enum request_query {
    QUERY_CURSOR,  /* page on from here, as the previous answer said */
    QUERY_ROWS,    /* at most so many rows */
    QUERY_PARENT,  /* follow-ups of this message */
    QUERY_KIND,    /* audit: event name */
    QUERY_MESSAGE, /* audit */
    QUERY_LINK,    /* audit */
    QUERY_PERSON,  /* audit: an address */
    QUERY_SINCE,   /* audit: milliseconds */
    QUERY_UNTIL,   /* audit: milliseconds */
    QUERY_BEFORE,  /* audit: sequence number */
    QUERY_ENTRY,   /* audit: sequence number */
    QUERY_SIZE,    /* audit: entries under a checkpoint */
    QUERY_COUNT
};
extern const char *const request_query_names[QUERY_COUNT];

enum {
    ANSWER_HEADERS_MAX = 8,
    ANSWER_BODY_BYTES_MAX = 2 * 1024 * 1024,
    EXPLANATION_BYTES_MAX = 240,
    ALLOW_BYTES_MAX = 64,
    EXCHANGE_TEXT_BYTES_MAX = 32 * 1024,
    TRANSFER_BLOCK_BYTES = 256 * 1024, /* of an upload or download in memory at a time */
    ASKED_MAX = 3,
};

struct answer_header {
    const char *name; /* constant */
    char *value;      /* owned */
};

/* A body that is made while it is sent. */
enum stream_result {
    STREAM_DATA,   /* *got bytes, more than 0 */
    STREAM_WAIT,   /* nothing at hand: a worker must refill */
    STREAM_END,    /* that was all */
    STREAM_BROKEN, /* cut the connection: the reader must not take it for the whole */
};
struct stream {
    void *state; /* NULL: no stream */
    /* In an event thread: never waits. */
    enum stream_result (*read)(void *state, uint64_t at, uint8_t *to, size_t max, size_t *got);
    /* In a worker; one call at a time. With `is_due`, `read` may be called meanwhile. */
    enum sm_error (*refill)(void *state, struct worker *worker);
    /* In an event thread: whether to refill already, while there is still something at hand. Says
     * so once for each. NULL: a refill waits until nothing is. */
    bool (*is_due)(void *state);
    void (*free)(void **state);
    uint64_t size; /* STREAM_SIZE_UNKNOWN: sent in chunks */
};
#define STREAM_SIZE_UNKNOWN UINT64_MAX

/* Where the body of a streamed request goes. Set by the route's handler. */
struct sink {
    void *state; /* NULL: none */
    /* In a worker, one call at a time, in order. */
    enum sm_error (*write)(void *state, struct worker *worker, struct span bytes);
    /* After the last byte: makes the answer. Not called when the connection broke. */
    enum sm_error (*finish)(void *state, struct worker *worker, struct exchange *exchange);
    void (*free)(void **state);
};

struct answer {
    unsigned status; /* 0: none yet */
    const char *content_type;
    struct buffer body;
    struct span fixed; /* a constant body instead of `body` */
    struct answer_header headers[ANSWER_HEADERS_MAX];
    size_t headers_count;
    struct stream stream; /* instead of a body */
    bool is_refilled;     /* of whoever has the exchange for a refill: whether the last one was */
    bool is_broken;       /* a refill that was waited for failed: cut the connection */
};

struct exchange {
    const struct route *route;
    const struct pages *pages; /* the gateway's; NULL: none were built */
    bool is_head;              /* HEAD asked of a GET route */
    struct buffer text;        /* owns what the spans look into */
    struct span headers[HEADER_COUNT];
    struct span queries[QUERY_COUNT];
    struct id id;            /* {message} or {upload} of the path */
    uint64_t number;         /* {part} */
    struct span word;        /* {operation} */
    uint64_t content_length; /* 0: no body */
    bool is_body_coming;     /* the client is sending one, of whatever length */
    bool has_unknown_query;
    char allow[ALLOW_BYTES_MAX]; /* methods that this path has, where the asked one is not */
    struct buffer body;          /* BODY_WHOLE: all of it; BODY_STREAMED: the block under way */
    struct capability proven;    /* by access_prove, where the route needs one */
    int64_t now_ms;              /* clock.now() as access_prove read it */
    struct db_rows *asked[ASKED_MAX]; /* what the route's `ask` had answered, owned; else NULL */
    struct sink sink;
    struct inflow inflow; /* the connection it came in by */
    struct answer answer;
    uint64_t request; /* its id in the logs; 0: no worker had it yet */
    uint64_t wait_s;  /* for an error answer: when it may be asked again; 0: as the error has it */
    char explanation[EXPLANATION_BYTES_MAX]; /* in words, for an error answer; may be empty */
};

void exchange_init(struct exchange *exchange);
void exchange_clear(struct exchange *exchange); /* frees all that it owns */

/* The path as it was asked for. */
const char *exchange_path(const struct exchange *exchange);

/* The header or query, the empty span when it is absent. */
struct span exchange_header(const struct exchange *exchange, enum request_header header);
struct span exchange_query(const struct exchange *exchange, enum request_query query);

/* --- answering --- */

/* SM_TOO_LARGE beyond ANSWER_HEADERS_MAX; SM_BAD_VALUE for a value of more than one line. */
SM_MUST_USE enum sm_error answer_header(
    struct exchange *exchange, const char *name, const char *format, ...) SM_PRINTF(3, 4);

/* The body is JSON and in `answer.body`, or there is none (204). */
void answer_json(struct exchange *exchange, unsigned status);
void answer_empty(struct exchange *exchange, unsigned status);

/* Returns `error` and remembers the sentence that says what is wrong and what to do about it. */
SM_MUST_USE enum sm_error exchange_refuse(
    struct exchange *exchange, enum sm_error error, const char *format, ...) SM_PRINTF(3, 4);

/* Turns an error into the whole answer: status, word, sentence. Forgets what was prepared. */
void answer_error(struct exchange *exchange, enum sm_error error);

#endif
