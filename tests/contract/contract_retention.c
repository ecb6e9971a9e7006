/* The contract over retention's handler table. */
#include "services/retention/handlers.h"
#include "tests/support/contract.h"

int main(void)
{
    return contract_run(&(struct contract){.self = PEER_RETENTION,
        .handlers = retention_handlers,
        .handlers_count = retention_handlers_count});
}
