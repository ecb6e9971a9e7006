/*
 * THE table of the HTTP surface: method, path, what body it takes, what it needs, who runs it. An
 * auditor reads access control here in one screen; docs/api/openapi.json is checked against it.
 *
 * A path is matched segment by segment, exactly; {message} and {upload} are 32 hexadecimal digits,
 * {part} a number, {operation} a short word, {asset} a name of the list of pages. Nothing else of a
 * path reaches a handler.
 */
#ifndef SM_GATEWAY_ROUTES_H
#define SM_GATEWAY_ROUTES_H

#include "services/gateway/exchange.h"

enum route_body {
    BODY_NONE,     /* any body is refused */
    BODY_WHOLE,    /* collected in memory, then the handler runs */
    BODY_STREAMED, /* the handler runs first and gives a sink */
};

enum route_needs {
    NEEDS_NOTHING,  /* what proves the caller, if anything, is sealed inside */
    NEEDS_COOKIE,   /* a user's session cookie, and our own page or program asking */
    NEEDS_UPLOAD,   /* a capability of that kind in Secure-Mail-Capability */
    NEEDS_DOWNLOAD, /* the same */
    NEEDS_AUDIT,    /* the same */
    NEEDS_COUNT
};

enum lane {
    LANE_EVENT,    /* answered at once, from memory */
    LANE_CALL,     /* waits for bus or database */
    LANE_TRANSFER, /* waits for the disk */
};

/* `worker` is NULL in LANE_EVENT. SM_OK: an answer (or, BODY_STREAMED, a sink) is in the exchange.
 */
typedef enum sm_error route_fn(struct worker *worker, struct exchange *exchange);

/* Fills in what its handler will read first (asking.h): `proven` is filled, its signature verified.
 */
struct asking;
typedef enum sm_error route_ask_fn(
    struct worker *worker, const struct exchange *exchange, struct asking *out);

struct route {
    const char *method, *path;
    enum route_body body;
    uint64_t body_bytes_max;
    enum route_needs needs;
    enum lane lane;
    bool is_health; /* answers also where Secure Mail is not enabled */
    route_fn *run;
    route_ask_fn *ask; /* NULL: the handler asks by itself, if anything */
    const char *sentence;
};
extern const struct route routes[];
extern const size_t routes_count;

/* The name of a need as docs/api has it: "none", "cookie", "upload", "download", "audit". */
const char *route_needs_name(enum route_needs needs);

/*
 * Finds the route of a request and puts the path's ids into the exchange (also is_head: a HEAD that
 * has no row of its own runs its GET). SM_NOT_FOUND for no such path; SM_NOT_ALLOWED for a path
 * without that method, with the methods it has in `allow`.
 */
SM_MUST_USE enum sm_error routes_match(struct exchange *exchange, const char *method,
    const char *path, char allow[static ALLOW_BYTES_MAX]);

/* Ciphertext of one part at most, for `part` 0 the header part (c2sp chunked-encryption's size). */
#define CIPHERTEXT_BYTES(plaintext) \
    (56 + (uint64_t)(plaintext) + 16 * ((uint64_t)(plaintext) / 16384 + 1))
uint64_t part_bytes_max(uint64_t part);

#endif
