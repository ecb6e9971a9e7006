/*
 * The proof that a server makes at its start, on every endpoint: a client with a key of its own
 * making and a client without CURVE do not get in, and one with the service's own key does. Without
 * the last, a handler that refuses everybody would pass. It fails closed: no clear answer is a
 * failure.
 */
#ifndef SM_BUS_SELFTEST_H
#define SM_BUS_SELFTEST_H

#include "bus/keyring.h"

SM_MUST_USE enum sm_error selftest_who_gets_in(struct wire_context *context,
    const struct bus_keys *keys, enum peer self, const char *endpoint);

#endif
