/* The operator at audit itself: it listens on the bus, and has no local socket as crypto has. */
#ifndef SM_CLI_AT_AUDIT_H
#define SM_CLI_AT_AUDIT_H

#include "bus/client.h"
#include "cli/cli.h"
#include "proto/catalog.h"

#define AT_AUDIT_OPTIONS                                                            \
    {"--audit", "ENDPOINT", "audit on the bus (default: tcp://127.0.0.1:5701)"},    \
    {                                                                               \
        "--keys", "FOLDER", "with operator.key and audit.pub (default: ./var/keys)" \
    }

struct at_audit {
    struct bus_keys *keys;
    struct bus_client *client;
};

/* By the operator's own key. The caller closes *out, also after an error. */
SM_MUST_USE enum sm_error at_audit_open(struct cli *cli, struct at_audit *out);
void at_audit_close(struct at_audit *audit);

/* One call, with an idempotency key of its own. What the reply points to lies in the arena. */
SM_MUST_USE enum sm_error at_audit_ask(struct at_audit *audit, enum operation operation,
    const void *message, struct arena *arena, void *reply);

/* Says what to do where audit did not answer; any other error is passed on. */
SM_MUST_USE enum sm_error at_audit_fault(struct cli *cli, enum sm_error error);

#endif
