/*
 * The CURVE keys of the bus (RFC 26/CurveZMQ). A directory holds one `<peer>.pub` for every peer
 * (gateway, crypto, notifier, retention, audit, operator: 40 characters Z85) and, for this process
 * alone, `<self>.key` (40 characters Z85, mode 0600 or stricter, else SM_CONFIG). In containers
 * each service is given only its own .key. A `<peer>.next.pub` beside is as good as the .pub: so
 * keys are changed without a moment in which somebody is refused (key_change.h).
 */
#ifndef SM_BUS_KEYS_H
#define SM_BUS_KEYS_H

#include "base/error.h"
#include "proto/catalog.h"

struct bus_keys;

/* Reads the directory for `self`. The caller owns *out. Errors are logged with the file's name. */
SM_MUST_USE enum sm_error bus_keys_load(
    const char *directory, enum peer self, struct bus_keys **out);
void bus_keys_free(struct bus_keys **keys);

/* Makes what is missing: a key pair for every peer, into `directory` (0700). Never overwrites. */
SM_MUST_USE enum sm_error bus_keys_make(const char *directory);

#endif
