/*
 * What a route needs, proven. In two steps: what can be seen in the headers is refused by an event
 * thread before any body is read; signature, end and revocation are checked by the worker before
 * the handler runs. So no handler has a check of its own that it could forget.
 */
#ifndef SM_GATEWAY_ACCESS_H
#define SM_GATEWAY_ACCESS_H

#include "services/gateway/routes.h"

/*
 * From the headers alone: SM_NOT_SIGNED_IN where cookie or capability is absent, SM_NOT_ALLOWED for
 * a cookie request that a foreign page may have caused (no Secure-Mail-Request: 1, or
 * Sec-Fetch-Site other than same-origin or none).
 */
SM_MUST_USE enum sm_error access_present(struct exchange *exchange, bool is_tls);

/*
 * Verifies and fills exchange->proven and exchange->now_ms. SM_NOT_SIGNED_IN (ended or logged out),
 * SM_NOT_ALLOWED, SM_UNAVAILABLE. Does nothing for NEEDS_NOTHING.
 */
SM_MUST_USE enum sm_error access_prove(struct worker *worker, struct exchange *exchange);

/*
 * The value of a cookie in a Cookie header (RFC 6265), empty when it is not there or there twice.
 */
struct span cookie_value(struct span header, const char *name);

/*
 * "__Host-securemail" with Secure, except where the gateway speaks plain http and was asked as
 * localhost: browsers and programs would not send a Secure cookie back there, so a try on one's own
 * machine uses "securemail-session" without it. The Host header is the client's word, which is fit
 * for this: it chooses how its own cookie is called, nothing else.
 */
bool cookie_is_local(const struct exchange *exchange, bool is_tls);

/* Sets (or, for "-", removes) the session cookie. */
SM_MUST_USE enum sm_error cookie_set(struct exchange *exchange, bool is_tls, struct span value);

#endif
