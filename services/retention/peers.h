/* Crypto and audit as purge.h needs them, over the bus. One thread's own. */
#ifndef SM_RETENTION_PEERS_H
#define SM_RETENTION_PEERS_H

#include "services/retention/purge.h"

struct peers;

struct peers_options {
    const struct bus_keys *keys;
    const char *crypto_endpoints;
    struct relay *events; /* to audit */
};

/* Connects in the background. What the options name outlives it; the caller owns *out. */
SM_MUST_USE enum sm_error peers_open(const struct peers_options *options, struct peers **out);
void peers_close(struct peers **peers);

/* Lives as long as `peers`. */
struct purge_peers peers_for_purge(struct peers *peers);

#endif
