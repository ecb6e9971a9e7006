/*
 * The ZAP handler of one server (ZeroMQ RFC 27): says for every connection whether its CURVE key is
 * one of the directory's, and gives it the peer's name as User-Id. One thread per server context.
 * Everything that is not exactly a CURVE request of our domain is refused.
 */
#ifndef SM_BUS_ZAP_H
#define SM_BUS_ZAP_H

#include "bus/keyring.h"

/* Of a request and of an answer (RFC 27); a socket takes the empty delimiter off. */
enum zap_request {
    ZAP_VERSION,
    ZAP_REQUEST,
    ZAP_DOMAIN,
    ZAP_ADDRESS,
    ZAP_IDENTITY,
    ZAP_MECHANISM,
    ZAP_KEY,
    ZAP_REQUEST_FRAMES,
};
enum zap_answer { ZAP_STATUS = 2, ZAP_TEXT, ZAP_USER, ZAP_METADATA, ZAP_ANSWER_FRAMES };

/* The address of our own questions (zap_watch.h): no connection has it. */
#define ZAP_OWN_ADDRESS "self-test"

struct zap;

/* Must be up before the server binds. The caller owns *out; `keys` must outlive it. */
SM_MUST_USE enum sm_error zap_start(
    struct wire_context *context, const struct bus_keys *keys, struct zap **out);
void zap_stop(struct zap **zap);

/* False once the handler ended: the process must not go on. */
bool zap_is_alive(struct zap *zap);

#endif
