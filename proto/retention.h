/* Retention's bus messages: the gateway may ask to purge a message now, and how the sweep stands.
 */
#ifndef SM_PROTO_RETENTION_H
#define SM_PROTO_RETENTION_H

#include "proto/field.h"

struct purge_request {
    struct id message;
};
struct purge_reply {
    bool is_purged; /* false: crypto says it is not due */
};
struct sweep_status_request {
    char none;
};
struct sweep_status_reply {
    uint64_t last_sweep_ms; /* by the database's clock; 0: none yet */
    uint64_t purged;        /* messages purged since start */
    uint64_t failed;        /* that the last sweep could not finish */
};

extern const struct fields purge_request, purge_reply, sweep_status_request, sweep_status_reply;

#endif
