/*
 * The server as a client sees it: keys that are checked before anything is sealed to them, and
 * sealed calls. Whose identity key is right is known beforehand: from the link (its pin), or from
 * the first sign-in (pins.h). A server whose key is another one gets nothing.
 */
#ifndef SM_CLI_SERVER_H
#define SM_CLI_SERVER_H

#include "cli/cli.h"
#include "cli/http.h"
#include "envelope/identity.h"
#include "proto/sealed.h"

struct server {
    struct cli *cli;
    struct http *http;
    const char *url; /* borrowed */
    uint8_t pin[IDENTITY_PIN_BYTES];
    bool has_pin; /* false until the first keys: enrolment */
    uint8_t hpke_public[P256_PUBLIC_BYTES];
    uint8_t time_token[TIME_TOKEN_BYTES];
    int64_t fetched_ms; /* monotonic */
    char cookie[640];   /* the gateway's half of a user's session */
};
void server_close(struct server *server);

/* `pin` NULL: trust the identity that is met now (sign-in), and tell it in server->pin. */
SM_MUST_USE enum sm_error server_open(
    struct cli *cli, const char *url, const uint8_t *pin, struct server *out);

/* The words for an address that is none. */
SM_MUST_USE enum sm_error server_not_an_address(struct cli *cli, const char *text);

/*
 * One sealed call. `request` is the operation's struct, whose first member is struct sealed_meta
 * (filled here); `reply` points into `arena`. A refusal comes back as its error, with crypto's
 * sentence as the command's message.
 */
struct server_call {
    const char *operation;
    struct sealed_aad aad;
    void *request;
    void *reply;
};
SM_MUST_USE enum sm_error server_call(
    struct server *server, const struct server_call *call, struct arena *arena);

/* A plain JSON answer of the gateway. `headers` may hold a capability; the cookie is added. */
SM_MUST_USE enum sm_error server_get(
    struct server *server, const char *path, const char *capability, struct doc **out);

/* The error and words for an answer that is not what was asked for. */
SM_MUST_USE enum sm_error server_refusal(
    struct server *server, const struct http_response *response);

/* "Secure-Mail-Capability: ..." into `out`. */
void server_capability_header(struct span capability, char out[static HTTP_HEADER_BYTES_MAX]);

#endif
