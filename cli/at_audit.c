/* A client of the bus with the operator's key. */
#include "cli/at_audit.h"

enum { TIMEOUT_MS = 30000 };

enum sm_error at_audit_open(struct cli *cli, struct at_audit *out)
{
    const char *folder = cli_value(cli, "--keys");
    const char *endpoint = cli_value(cli, "--audit");
    if (bus_keys_load(folder ? folder : "./var/keys", PEER_OPERATOR, &out->keys) != SM_OK)
        return cli_problem(cli, SM_NOT_ALLOWED, "Run this as the operator: --keys FOLDER",
            "The operator's key cannot be read");
    return bus_client_open(
        out->keys, PEER_AUDIT, endpoint ? endpoint : "tcp://127.0.0.1:5701", &out->client);
}

void at_audit_close(struct at_audit *audit)
{
    bus_client_close(&audit->client);
    bus_keys_free(&audit->keys);
}

enum sm_error at_audit_ask(struct at_audit *audit, enum operation operation, const void *message,
    struct arena *arena, void *reply)
{
    struct bus_call how = {.operation = operation, .timeout_ms = TIMEOUT_MS};
    TRY(id_random(&how.idempotency));
    return bus_client_call(audit->client, &how, message, arena, reply);
}

enum sm_error at_audit_fault(struct cli *cli, enum sm_error error)
{
    return error == SM_UNAVAILABLE || error == SM_TIMEOUT
               ? cli_problem(cli, error, "Is it running? --audit names where it listens",
                     "Audit does not answer on the bus")
               : error;
}
