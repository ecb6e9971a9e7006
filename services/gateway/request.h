/*
 * Reading the head of a request into an exchange, and everything that can be refused by it alone.
 * Without libmicrohttpd, so that tests and fuzzers can make heads by hand.
 */
#ifndef SM_GATEWAY_REQUEST_H
#define SM_GATEWAY_REQUEST_H

#include "services/gateway/routes.h"

struct gathered {
    size_t at, size; /* in exchange->text */
    bool is_there;
};
struct request_gather {
    struct exchange *exchange;
    struct gathered headers[HEADER_COUNT], queries[QUERY_COUNT];
    enum sm_error error; /* the first fault: told by request_admit */
};

/* First the path (as decoded by the server; no NUL can be in it), then the rest in any order. */
SM_MUST_USE enum sm_error request_gather_path(struct request_gather *gather, const char *path);

/* False: stop, there is a fault. Headers that nobody looks at are passed over. */
bool request_gather_header(struct request_gather *gather, struct span name, struct span value);
bool request_gather_query(struct request_gather *gather, struct span name, struct span value);

/*
 * Finds the route and refuses what its row does not admit. On an error the sentence for people is
 * in the exchange; exchange->is_body_coming says that the client is sending a body.
 */
SM_MUST_USE enum sm_error request_admit(
    struct request_gather *gather, const char *method, const struct gateway *gateway);

/* Whether it is one of the sealed operations by which somebody proves, or guesses, who he is. */
bool request_is_proof(const struct exchange *exchange);

/* Adds "Allow" to a refusal of the method (RFC 9110 15.5.6), and changes its status to 405. */
SM_MUST_USE enum sm_error request_note_allowed(struct exchange *exchange);

/* Decimal digits only, at most 19, as all numbers in our headers are written. */
SM_MUST_USE enum sm_error request_number(struct span text, uint64_t *out);

#endif
